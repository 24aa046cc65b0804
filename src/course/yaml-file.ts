import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import type { LabVariables } from '../lab/variables.ts';
import { fill } from './fill.ts';
import { mistakesOf } from './issue.ts';
import { lessonFormat } from './lesson.ts';
import { type LessonProblem, type Report, reporterFor } from './problem.ts';
import { readText } from './read-text.ts';

type Path = readonly PropertyKey[];

/** A YAML file of a course, whose mistakes are reported with line and column. */
export class YamlFile {
  /** What the file holds, with the variables filled in; undefined when it is no YAML or of a newer format. */
  readonly data: unknown;
  readonly path: string;
  /** The text of the file; "" when it cannot be read. */
  readonly source: string;
  readonly #report: Report;
  readonly #lines = new LineCounter();
  #document: Document.Parsed | null = null;

  /** Reads the file and reports what is wrong in it as YAML, and unknown variables. */
  constructor(path: string, variables: LabVariables, problems: LessonProblem[]) {
    this.path = path;
    this.#report = reporterFor(path, problems);
    const source = readText(path, this.#report);
    this.source = source ?? '';
    if (source === null) return;
    const document = parseDocument(source, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: 'error',
    });
    for (const { message, pos } of [...document.errors, ...document.warnings]) {
      this.#reportAt(pos[0], `this is no sound YAML: ${message}`);
    }
    if (document.errors.length > 0) return;
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

  /** Reports something that is wrong at a place in the file. */
  report(path: Path, message: string, isKey = false): void {
    this.#reportAt(this.#offsetOf(path, isKey), message);
  }

  /** The content by a schema; null, and reports, when it does not fit. */
  read<Schema extends z.ZodType>(schema: Schema): z.infer<Schema> | null {
    if (this.data === undefined) return null;
    const result = schema.safeParse(this.data);
    if (result.success) return result.data;
    for (const { path, isKey, message } of mistakesOf(result.error.issues, schema, this.data)) {
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
