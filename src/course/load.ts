import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import type { CheckSpec } from '../checks/index.ts';
import { namesOf } from '../checks/select.ts';
import { ExitCode, HalabError } from '../errors.ts';
import type { Machine } from '../lab/machine.ts';
import type { LabVariables } from '../lab/variables.ts';
import { type Course, courseSchema, type Drill, type Fault, type Lesson, type LessonFile, lessonFormat, lessonSchema, type Task } from './lesson.ts';
import { divideText } from './text.ts';

/** Something that is wrong in a lesson's file. Line and column count from 1; 0 when the whole file is meant. */
export interface LessonProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** "FILE:LINE:COLUMN: what was found and what was expected" */
export const problemLine = ({ file, line, column, message }: LessonProblem): string =>
  line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`;

/** A course that cannot be used, with everything that is wrong in it. */
export class LessonError extends HalabError {
  readonly problems: readonly LessonProblem[];

  constructor(folder: string, problems: readonly LessonProblem[]) {
    super(`The course in ${folder} has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}.`, {
      reason: problems.map(problemLine).join('\n'),
      next: `Mend it, then: halab lesson lint ${folder}`,
      exitCode: ExitCode.usage,
    });
    this.problems = problems;
  }
}

export interface LabOfCourse {
  readonly machines: readonly Machine[];
  readonly variables: LabVariables;
}

/** Reads a course for one lab. @throws LessonError with every problem in it. */
export function loadCourse(folder: string, lab: LabOfCourse): Course {
  const { course, problems } = readCourse(folder, lab);
  if (course === null || problems.length > 0) throw new LessonError(folder, problems);
  return course;
}

/** Everything that is wrong in a course; [] when it is sound. */
export const lintCourse = (folder: string): LessonProblem[] => readCourse(folder, lintLab).problems;

/** The JSON Schema of lesson.yaml, for editors. */
export const lessonJsonSchema = (): unknown => z.toJSONSchema(lessonSchema, { io: 'input' });

/** A lab of three in which lessons are judged on paper. */
const lintLab: LabOfCourse = {
  machines: [
    { name: 'node1', role: 'node', ip: '192.168.56.11' },
    { name: 'node2', role: 'node', ip: '192.168.56.12' },
    { name: 'storage', role: 'storage', ip: '192.168.56.13' },
  ],
  variables: {
    vip: '192.168.56.100', vname: 'www.halab.test', node1_ip: '192.168.56.11', node2_ip: '192.168.56.12',
    storage_ip: '192.168.56.13', prefix: '24', network: '192.168.56.0', device: 'eth1',
  },
};

const everyMachine = ['node1', 'node2', 'storage'];

function readCourse(folder: string, lab: LabOfCourse): { course: Course | null; problems: LessonProblem[] } {
  const problems: LessonProblem[] = [];
  const courseFile = new YamlFile(join(folder, 'course.yaml'), problems);
  const head = courseFile.read(courseSchema, {});
  if (head === null) return { course: null, problems };
  const lessons: Lesson[] = [];
  for (const [index, name] of head.lessons.entries()) {
    if (head.lessons.indexOf(name) !== index) courseFile.report(['lessons', index], `the lesson ${name} is listed twice`);
    const lesson = readLesson(join(folder, name), name, lab, problems, head.lessons.slice(0, index));
    if (lesson !== null) lessons.push(lesson);
  }
  return { course: { track: head.track, title: head.title, lessons }, problems };
}

function readLesson(folder: string, name: string, lab: LabOfCourse, problems: LessonProblem[], earlier: readonly string[]): Lesson | null {
  const yaml = new YamlFile(join(folder, 'lesson.yaml'), problems);
  const file = yaml.read(lessonSchema, lab.variables);
  if (file === null) return null;
  if (file.id !== name) yaml.report(['id'], `the id is "${file.id}", and the folder "${name}": they must be the same`);
  for (const [index, required] of file.requires.entries()) {
    if (!earlier.includes(required)) yaml.report(['requires', index], `"${required}" is no earlier lesson of the course`);
  }
  reportTwins(yaml, file.tasks, 'tasks');
  reportTwins(yaml, file.drills, 'drills');
  reportMachines(yaml, file);

  const markdown = join(folder, 'lesson.md');
  const report = (line: number, message: string): void => void problems.push({ file: markdown, line, column: 1, message });
  if (!existsSync(markdown)) {
    problems.push({ file: markdown, line: 0, column: 0, message: 'there is no such file' });
    return null;
  }
  const taskIds = file.tasks.map(({ id }) => id);
  const text = divideText(fill(readFileSync(markdown, 'utf8'), lab.variables, report), lab.machines.length, taskIds, report);
  return { ...lessonFrom(file, lab), text };
}

function reportTwins(yaml: YamlFile, entries: readonly { id: string }[], key: string): void {
  for (const [index, { id }] of entries.entries()) {
    if (entries.findIndex((entry) => entry.id === id) !== index) yaml.report([key, index, 'id'], `the id "${id}" is used twice`);
  }
}

/** Reports scripts and checks for machines that no lab has. */
function reportMachines(yaml: YamlFile, file: LessonFile): void {
  const known = [...everyMachine, 'nodes', 'all'];
  const look = (path: (string | number)[], on: string | readonly string[]): void => {
    for (const name of typeof on === 'string' ? [on] : on) {
      if (!known.includes(name)) yaml.report(path, `there is no machine "${name}"; expected one of ${known.join(', ')}`);
    }
  };
  for (const [index, task] of file.tasks.entries()) {
    for (const [flavour, steps] of Object.entries(task.solution)) {
      for (const [at, step] of steps.entries()) look(['tasks', index, 'solution', flavour, at, 'on'], step.on);
    }
    for (const [at, step] of task.undo.entries()) look(['tasks', index, 'undo', at, 'on'], step.on);
  }
  for (const [index, drill] of file.drills.entries()) {
    if ('power-off' in drill.fault && drill.fault['power-off'] !== '{{active}}') look(['drills', index, 'fault', 'power-off'], drill.fault['power-off']);
    const needsActive = 'stop-resource' in drill.fault || drill.fault['power-off'] === '{{active}}';
    if (needsActive && drill.active === undefined) yaml.report(['drills', index], 'the drill needs `active`: the resource whose node is the active one');
    if (drill.outage !== undefined) look(['drills', index, 'outage', 'from'], drill.outage.from);
  }
}

/** The lesson for this lab: machine names resolved, checks for larger labs left out. */
function lessonFrom(file: LessonFile, { machines }: LabOfCourse): Omit<Lesson, 'text'> {
  const fits = (check: CheckSpec): boolean => (check.machines ?? 2) <= machines.length;
  const have = machines.map(({ name }) => name);
  const steps = <Step extends { on: string | string[]; run: string }>(all: readonly Step[]): (Omit<Step, 'on'> & { on: string[] })[] =>
    all
      .map((step) => ({ ...step, on: namesOf(step.on, machines).filter((name) => have.includes(name)) }))
      .filter(({ on }) => on.length > 0);
  return {
    ...file,
    entry: file.entry.filter(fits),
    tasks: file.tasks.map((task): Task => {
      const { solution } = task;
      return {
        ...task,
        checks: task.checks.filter(fits),
        solution: 'both' in solution ? { pcs: steps(solution.both), crmsh: steps(solution.both) } : { pcs: steps(solution.pcs), crmsh: steps(solution.crmsh) },
        undo: steps(task.undo),
      };
    }),
    drills: file.drills.map(({ active, outage, ...drill }): Drill => ({
      ...drill,
      ...(active === undefined ? {} : { active }),
      ...(outage === undefined ? {} : { outage }),
      fault: faultFrom(drill.fault),
      then: drill.then.filter(fits),
      after: drill.after.filter(fits),
    })),
  };
}

const faultFrom = (fault: LessonFile['drills'][number]['fault']): Fault =>
  'power-off' in fault ? { kind: 'power-off', machine: fault['power-off'] } : { kind: 'stop-resource', ...fault['stop-resource'] };

/** Puts values in the place of {{names}}; reports the unknown ones with their line. {{active}} is left for the drill. */
function fill(text: string, variables: Partial<LabVariables>, report: (line: number, message: string) => void): string {
  return text.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, (whole: string, name: string, at: number) => {
    if (name === 'active') return '{{active}}';
    const value = (variables as Readonly<Record<string, string | undefined>>)[name];
    if (value !== undefined) return value;
    report(text.slice(0, at).split('\n').length, `there is no variable {{${name}}}; expected one of ${Object.keys(variables).join(', ')}`);
    return whole;
  });
}

/** A YAML file whose problems are reported with line and column. */
class YamlFile {
  readonly path: string;
  readonly problems: LessonProblem[];
  #position: (path: readonly PropertyKey[]) => { line: number; column: number } = () => ({ line: 0, column: 0 });

  constructor(path: string, problems: LessonProblem[]) {
    this.path = path;
    this.problems = problems;
  }

  report(path: readonly PropertyKey[], message: string): void {
    this.problems.push({ file: this.path, ...this.#position(path), message });
  }

  /** The file's content by a schema, with its variables filled in; null when it is not sound. */
  read<Schema extends z.ZodType>(schema: Schema, variables: Partial<LabVariables>): z.infer<Schema> | null {
    if (!existsSync(this.path)) {
      this.report([], 'there is no such file');
      return null;
    }
    const lines = new LineCounter();
    const source = readFileSync(this.path, 'utf8');
    const document = parseDocument(source, { lineCounter: lines });
    this.#position = (path) => {
      for (let length = path.length; length >= 0; length -= 1) {
        const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        const range = (node as { range?: readonly number[] } | null | undefined)?.range;
        if (range?.[0] === undefined) continue;
        const { line, col } = lines.linePos(range[0]);
        return { line, column: col };
      }
      return { line: 1, column: 1 };
    };
    for (const error of document.errors) {
      const { line, col } = lines.linePos(error.pos[0]);
      this.problems.push({ file: this.path, line, column: col, message: error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? 'not YAML' });
    }
    if (document.errors.length > 0) return null;
    const data: unknown = document.toJS();
    const format = (data as { format?: unknown } | null)?.format;
    if (typeof format === 'number' && format > lessonFormat) {
      this.report(['format'], `format ${format} is newer than this halab, which knows formats up to ${lessonFormat}: use a newer halab`);
      return null;
    }
    const before = this.problems.length;
    const filled = fillAll(data, variables, [], (path, message) => this.report(path, message));
    const result = schema.safeParse(filled);
    if (!result.success) {
      for (const issue of result.error.issues) this.#reportIssue(issue, filled);
      return null;
    }
    return this.problems.length > before ? null : result.data;
  }

  #reportIssue(issue: z.core.$ZodIssue, data: unknown): void {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.report([...issue.path, key], `there is no "${key}" here`);
      return;
    }
    if (issue.code === 'invalid_union') {
      // The branch that fits best is the one that the author meant.
      const best = issue.errors.toSorted((a, b) => a.length - b.length)[0];
      if (best !== undefined && best.length > 0) {
        for (const inner of best) this.#reportIssue({ ...inner, path: [...issue.path, ...inner.path] }, data);
        return;
      }
    }
    const found = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], data);
    const shown = found === undefined ? 'nothing' : JSON.stringify(found);
    this.report(issue.path, `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}; found ${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown}`);
  }
}

/** Fills the variables in every string of a value. */
function fillAll(value: unknown, variables: Partial<LabVariables>, path: readonly PropertyKey[], report: (path: readonly PropertyKey[], message: string) => void): unknown {
  if (typeof value === 'string') return fill(value, variables, (_line, message) => report(path, message));
  if (Array.isArray(value)) return value.map((entry, index) => fillAll(entry, variables, [...path, index], report));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fillAll(entry, variables, [...path, key], report)]));
}
