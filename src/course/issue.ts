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
  return issues.flatMap((issue) => mistakesIn(issue, schema, data));
}

function mistakesIn(issue: z.core.$ZodIssue, schema: z.ZodType, data: unknown): Mistake[] {
  const { path } = issue;
  const found = valueAt(data, path);
  const name = nameOf(path);
  const at = (message: string): Mistake[] => [{ path, isKey: false, message }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const keys = keysAt(schema, path);
      return issue.keys.map((key) => ({
        path: [...path, key],
        isKey: true,
        message: `there is no key "${key}" here; expected one of ${keys.join(', ')}.${didYouMean(key, keys)}`,
      }));
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
      return at(
        `${name}: found ${shown(found)}; expected ${expected}${guess === '' ? '' : `.${guess}`}`,
      );
    }
    case 'invalid_union': {
      if (found === undefined) return at(`${name} is missing`);
      const branches = issue.errors.filter((errors) => errors.length > 0);
      // A branch for another type altogether is not what the author meant.
      const meant = branches.filter(
        (errors) =>
          !errors.some((inner) => inner.path.length === 0 && inner.code === 'invalid_type'),
      );
      const best =
        (meant.length > 0 ? meant : branches).toSorted((a, b) => a.length - b.length)[0] ?? [];
      return best.flatMap((inner) =>
        mistakesIn({ ...inner, path: [...path, ...inner.path] }, schema, data),
      );
    }
    default:
      return at(`${name}: ${plain(issue)}; found ${shown(found)}`);
  }
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && issue.message.startsWith('Too small')) {
    const things =
      issue.origin === 'array' ? ' entries' : issue.origin === 'string' ? ' characters' : '';
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${things}`;
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
