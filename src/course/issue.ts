import * as z from 'zod';
import { didYouMean } from './suggest.ts';

/** A mistake that a schema found: where, and what was found and expected there. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  /** true: the key itself is wrong, not its value. */
  readonly isKey: boolean;
  readonly message: string;
}

/** What a schema says against a value, in a lesson author's words. */
export function mistakesOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  data: unknown,
): Mistake[] {
  const misspelt = new Set(
    issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join('.')),
  );
  return issues
    .filter((issue) => !isConsequence(issue, misspelt, data))
    .flatMap((issue) => mistakesIn(issue, schema, data));
}

/** Whether an issue would go away with another one: a misspelt key, an unknown variable. */
function isConsequence(
  issue: z.core.$ZodIssue,
  misspelt: ReadonlySet<string>,
  data: unknown,
): boolean {
  if (issue.code !== 'custom') return false;
  const found = valueAt(data, issue.path);
  if (typeof found === 'string' && found.includes('{{')) return true;
  return misspelt.has(issue.path.join('.'));
}

/** How many unknown keys of one place are told one by one. */
const mostKeys = 20;

function mistakesIn(issue: z.core.$ZodIssue, schema: z.ZodType, data: unknown): Mistake[] {
  const { path } = issue;
  const found = valueAt(data, path);
  const name = nameOf(path);
  const at = (message: string): Mistake[] => [{ path, isKey: false, message }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const keys = keysAt(schema, path);
      const told = issue.keys.slice(0, mostKeys).map((key) => ({
        path: [...path, key],
        isKey: true,
        message: `there is no key "${key}" here; expected one of ${keys.join(', ')}${didYouMean(key, keys)}`,
      }));
      const more = issue.keys.length - told.length;
      return more === 0 ? told : [...told, ...at(`${name}: ${more} more keys are none of these`)];
    }
    case 'invalid_type':
      if (found === undefined)
        return at(`${name} is missing; expected ${kindName(issue.expected)}`);
      return at(`${name}: found ${shown(found)}; expected ${kindName(issue.expected)}`);
    case 'invalid_value': {
      const values = issue.values.map(String);
      const expected = values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
      if (found === undefined) return at(`${name} is missing; expected ${expected}`);
      const guess = typeof found === 'string' ? didYouMean(found, values) : '';
      return at(`${name}: found ${shown(found)}; expected ${expected}${guess}`);
    }
    case 'invalid_union': {
      if (found === undefined) return at(`${name} is missing`);
      const branches = issue.errors.filter((errors) => errors.length > 0);
      const best = branches.toSorted((a, b) => farness(a) - farness(b))[0] ?? [];
      return best.flatMap((inner) =>
        mistakesIn({ ...inner, path: [...path, ...inner.path] }, schema, data),
      );
    }
    default:
      return at(`${name}: ${plain(issue)}; found ${shown(found)}`);
  }
}

/** How far a branch of a union is from what the author wrote: its inside, its value, its type is wrong. */
function farness(issues: readonly z.core.$ZodIssue[]): number {
  const atRoot = issues.filter(({ path }) => path.length === 0);
  if (atRoot.some(({ code }) => code === 'invalid_type')) return 2;
  return atRoot.some(({ code }) => code === 'invalid_value') ? 1 : 0;
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && issue.message.startsWith('Too small')) {
    if (issue.origin === 'array')
      return `expected at least ${issue.minimum === 1 ? 'one entry' : `${issue.minimum} entries`}`;
    if (issue.origin === 'string') return 'expected some text';
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  }
  return issue.message;
}

/** "a string", as an author of YAML calls the types. */
function kindName(type: string): string {
  const names: Readonly<Record<string, string>> = {
    object: 'keys and values',
    record: 'keys and values',
    array: 'a list',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return names[type] ?? `a ${type}`;
}

/** "tasks[0].hints" */
const nameOf = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the file'
    : path
        .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
        .join('')
        .replace(/^\./, '');

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const valueAt = (data: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    data,
  );

/** The keys that an object may have at a place of a schema. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  const [key, ...rest] = path;
  if (inner instanceof z.ZodObject) {
    if (key === undefined) return Object.keys(inner.shape);
    const next: unknown = inner.shape[key as string];
    return next instanceof z.ZodType ? keysAt(next, rest) : [];
  }
  if (inner instanceof z.ZodArray && key !== undefined) {
    return keysAt(inner.element as z.ZodType, rest);
  }
  return [];
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema;
}
