import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type * as z from 'zod';
import type { LabVariables } from '../lab/variables.ts';
import { fill } from './fill.ts';
import { mistakesOf } from './issue.ts';
import { lessonFormat } from './lesson.ts';
import { type LessonProblem, type Report, reporterFor } from './problem.ts';
import { readText } from './read-text.ts';

type Path = readonly PropertyKey[];

/** Ten times what the longest lesson has. With more, each mistake that is looked up in the file costs too much. */
const mostNodes = 5000;
/** The library looks for what each stands for in the whole file. */
const mostAliases = 100;
/** More than twice what a lesson needs. */
const deepest = 40;

/** A YAML file of a course, whose mistakes are reported with line and column. */
export class YamlFile {
  /** What the file holds, with the variables filled in; undefined when it is no YAML or of a newer format. */
  readonly data: unknown;
  readonly path: string;
  /** The text of the file; "" when it cannot be read. */
  readonly source: string;
  readonly #report: Report;
  readonly #lines = new LineCounter();
  #told = false;
  #document: Document.Parsed | null = null;

  /** Reads the file and reports what is wrong in it as YAML, and unknown variables. */
  constructor(path: string, variables: LabVariables, problems: LessonProblem[]) {
    this.path = path;
    const report = reporterFor(path, problems);
    this.#report = (...problem) => {
      this.#told = true;
      report(...problem);
    };
    const source = readText(path, this.#report);
    this.source = source ?? '';
    if (source === null) return;
    const document = this.#parsed(source);
    if (document === null) return;
    this.#document = document;
    const data = this.#plainData(document);
    const format = (data as { format?: unknown } | null)?.format;
    if (typeof format === 'number' && format > lessonFormat) {
      this.report(
        ['format'],
        `found format ${format}, which is newer than this halab knows; expected ${lessonFormat}. Use a newer halab`,
      );
      return;
    }
    this.data = this.#filled(data, variables, []);
  }

  /** The file as YAML; null, and reports, when it is none, or has more or deeper than any lesson has. */
  #parsed(source: string): Document.Parsed | null {
    try {
      const document = parseDocument(source, {
        lineCounter: this.#lines,
        prettyErrors: false,
        logLevel: 'error',
        // The library compares each key with each: seconds for thousands of them.
        uniqueKeys: false,
      });
      for (const { message, pos } of [...document.errors, ...document.warnings]) {
        this.#reportAt(pos[0], `this is no sound YAML: ${message}`);
      }
      return this.#isBounded(document) && document.errors.length === 0 ? document : null;
    } catch (error) {
      // The library calls itself for each level.
      if (!(error instanceof RangeError)) throw error;
      this.report([], 'this is no sound YAML: it is nested too deeply');
      return null;
    }
  }

  /** Whether a document can be looked at in bounded time; reports what is against it, and keys that are there twice. */
  #isBounded(document: Document.Parsed): boolean {
    let nodes = 0;
    let aliases = 0;
    let problem: { at: number; message: string } | null = null;
    const stop = (at: number, message: string): symbol => {
      problem = { at, message };
      return visit.BREAK;
    };
    visit(document, {
      Node: (_, node, path) => {
        nodes += 1;
        const at = node.range?.[0] ?? 0;
        if (nodes > mostNodes)
          return stop(0, `the file has more than ${mostNodes} entries; no lesson needs so many`);
        // Between two nodes of the path stands the pair that holds the lower one.
        if (path.length > 2 * deepest)
          return stop(at, 'this is no sound YAML: it is nested too deeply');
        if (isMap(node)) this.#reportTwins(node);
        if (!isAlias(node)) return undefined;
        aliases += 1;
        if (aliases > mostAliases)
          return stop(at, `the file has more than ${mostAliases} aliases; no lesson needs so many`);
        const target = node.resolve(document);
        return target !== undefined && path.includes(target)
          ? stop(at, 'this is no sound YAML: it stands for something that it is a part of')
          : undefined;
      },
    });
    const found = problem as { at: number; message: string } | null;
    if (found !== null) this.#reportAt(found.at, found.message);
    return found === null;
  }

  #reportTwins({ items }: YAMLMap): void {
    const seen = new Set<unknown>();
    for (const { key } of items) {
      if (!isScalar(key)) continue;
      if (seen.has(key.value))
        this.#reportAt(key.range?.[0] ?? 0, 'this is no sound YAML: Map keys must be unique');
      seen.add(key.value);
    }
  }

  /** Reports something that is wrong at a place in the file. */
  report(path: Path, message: string, isKey = false): void {
    this.#reportAt(this.#offsetOf(path, isKey), message);
  }

  /** The content by a schema; null, and reports, when it does not fit. */
  read<Schema extends z.ZodType>(schema: Schema): z.infer<Schema> | null {
    if (this.data === undefined) return null;
    const result = schema.safeParse(this.data);
    if (result.success) return result.data;
    const mistakes = mistakesOf(result.error.issues, schema, this.data);
    // What does not fit is told at least once: else a command would run into it.
    const [first] = result.error.issues;
    if (mistakes.length === 0 && !this.#told && first !== undefined)
      this.report(first.path, first.message);
    for (const { path, isKey, message } of mistakes) {
      // {{vip}} without quotes is a map in a map to YAML.
      const bare = !isKey && this.source.startsWith('{{', this.#offsetOf(path, false));
      this.report(path, bare ? `${message}. Put the {{variable}} in quotes` : message, isKey);
    }
    return null;
  }

  #plainData(document: Document.Parsed): unknown {
    try {
      return document.toJS();
    } catch (error) {
      // Such as aliases that multiply beyond measure.
      this.report([], `this is no sound YAML: ${(error as Error).message}`);
      return undefined;
    }
  }

  #filled(value: unknown, variables: LabVariables, path: Path): unknown {
    if (typeof value === 'string') {
      const mayActive = path[0] === 'drills' && path[2] === 'fault';
      return fill(value, variables, mayActive, (message, _at, found) => {
        const start = this.#offsetOf(path, false);
        const inside = this.source.indexOf(found, start);
        const end = this.#endOf(path);
        this.#reportAt(inside >= 0 && inside < end ? inside : start, message);
      });
    }
    if (Array.isArray(value)) {
      return value.map((entry, index) => this.#filled(entry, variables, [...path, index]));
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        key,
        this.#filled(entry, variables, [...path, key]),
      ]),
    );
  }

  #reportAt(offset: number, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#report(message, Math.max(1, line), Math.max(1, col));
  }

  #nodeAt(path: Path): unknown {
    return path.length === 0 ? this.#document?.contents : this.#document?.getIn(path, true);
  }

  /** Where a place begins in the source; what is missing is reported at what should hold it. */
  #offsetOf(path: Path, isKey: boolean): number {
    for (let length = path.length; length >= 0; length -= 1) {
      const start = path.slice(0, length);
      const parent = this.#nodeAt(start.slice(0, -1));
      if (isKey && length > 0 && isMap(parent)) {
        const pair = parent.items.find(({ key }) => isScalar(key) && key.value === start.at(-1));
        if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
      }
      const node = this.#nodeAt(start);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }

  #endOf(path: Path): number {
    const node = this.#nodeAt(path);
    return isNode(node) && node.range ? node.range[1] : this.source.length;
  }
}
