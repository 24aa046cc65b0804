import { join } from 'node:path';
import * as z from 'zod';
import { type CheckSpec, kindOf } from '../checks/index.ts';
import { namesOf } from '../checks/select.ts';
import type { Machine } from '../lab/machine.ts';
import type { LabVariables } from '../lab/variables.ts';
import { activeNode } from './fill.ts';
import {
  type Course,
  courseSchema,
  type Drill,
  type Fault,
  type Lesson,
  type LessonFile,
  lessonSchema,
  type OutageSpec,
  type SolutionStep,
  type Task,
} from './lesson.ts';
import {
  LessonError,
  type LessonProblem,
  problemLine,
  type Report,
  reporterFor,
} from './problem.ts';
import { readText } from './read-text.ts';
import { didYouMean } from './suggest.ts';
import { divideText } from './text.ts';
import { YamlFile } from './yaml-file.ts';

export { LessonError, type LessonProblem, problemLine } from './problem.ts';

/** What a course is read for. */
export interface LabOfCourse {
  readonly machines: readonly Machine[];
  readonly variables: LabVariables;
}

/** Reads a course for one lab. Runs nothing of it. @throws LessonError with every problem in it. */
export function loadCourse(folder: string, lab: LabOfCourse): Course {
  const { course, problems } = readCourse(folder, lab);
  if (course === null || problems.length > 0) throw new LessonError(folder, inOrder(problems));
  return course;
}

/** Everything that is wrong in a course, for labs of two and of three machines; [] when it is sound. */
export function lintCourse(folder: string): LessonProblem[] {
  const problems = [3, 2].flatMap((machines) => readCourse(folder, paperLab(machines)).problems);
  const seen = new Set<string>();
  return inOrder(problems).filter((problem) => {
    const line = problemLine(problem);
    return !seen.has(line) && seen.add(line);
  });
}

/** The problems by file as they came, and by line within a file. */
function inOrder(problems: readonly LessonProblem[]): LessonProblem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** The JSON Schema of lesson.yaml, for editors. */
export const lessonJsonSchema = (): unknown => z.toJSONSchema(lessonSchema, { io: 'input' });

/** A lab in which lessons are judged on paper. */
function paperLab(count: number): LabOfCourse {
  const machines: Machine[] = [
    { name: 'node1', role: 'node', ip: '192.168.56.11' },
    { name: 'node2', role: 'node', ip: '192.168.56.12' },
    { name: 'storage', role: 'storage', ip: '192.168.56.13' },
  ];
  return {
    machines: machines.slice(0, count),
    variables: {
      vip: '192.168.56.100',
      vname: 'www.halab.test',
      node1_ip: '192.168.56.11',
      node2_ip: '192.168.56.12',
      storage_ip: count === 3 ? '192.168.56.13' : '',
      prefix: '24',
      network: '192.168.56.0',
      device: 'eth1',
    },
  };
}

/** More would keep every command waiting. */
const mostLessons = 100;

function readCourse(
  folder: string,
  lab: LabOfCourse,
): { course: Course | null; problems: LessonProblem[] } {
  const problems: LessonProblem[] = [];
  const yaml = new YamlFile(join(folder, 'course.yaml'), lab.variables, problems);
  const head = yaml.read(courseSchema);
  // With a mistake elsewhere in course.yaml the lessons are still looked at.
  const listed = stringsIn(yaml.data, 'lessons').filter((name) => /^[a-z][a-z0-9-]*$/.test(name));
  const names = [...new Set(listed)].slice(0, mostLessons);
  if (listed.length > mostLessons) {
    yaml.report(['lessons'], `found ${listed.length} lessons; expected at most ${mostLessons}`);
  }
  for (const [index, name] of (head?.lessons ?? []).entries()) {
    if (head?.lessons.indexOf(name) !== index) {
      yaml.report(['lessons', index], `the lesson "${name}" is listed twice`);
    }
  }
  const lessons = names.map((name) => readLesson(folder, name, lab, names, problems));
  const sound = lessons.filter((lesson) => lesson !== null);
  reportTooLarge(yaml, sound);
  if (head === null) return { course: null, problems };
  return {
    course: {
      track: head.track,
      title: head.title,
      machineCount: lab.machines.length,
      lessons: sound,
    },
    problems,
  };
}

function readLesson(
  courseFolder: string,
  name: string,
  lab: LabOfCourse,
  all: readonly string[],
  problems: LessonProblem[],
): Lesson | null {
  const yaml = new YamlFile(join(courseFolder, name, 'lesson.yaml'), lab.variables, problems);
  const file = yaml.read(lessonSchema);
  reportId(yaml, name);
  reportRequires(yaml, name, all);
  reportTwins(yaml, 'tasks');
  reportTwins(yaml, 'drills');
  if (file !== null) reportMachines(yaml, file, lab.machines.length);

  const path = join(courseFolder, name, 'lesson.md');
  const report = reporterFor(path, problems);
  const markdown = readText(path, report);
  if (markdown === null) return null;
  reportUnfinished(yaml.source, reporterFor(yaml.path, problems));
  reportUnfinished(markdown, report);
  const text = divideText(markdown, {
    machines: lab.machines.length,
    variables: lab.variables,
    // With a mistake elsewhere in lesson.yaml the text is still looked at.
    ids:
      yaml.data === undefined
        ? null
        : { task: idsIn(yaml.data, 'tasks'), drill: idsIn(yaml.data, 'drills') },
    report,
  });
  return file === null ? null : { ...lessonFrom(file, lab), text };
}

const fieldOf = (data: unknown, key: string): unknown =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[key] : undefined;

/** The entries of a list in unsound data; those that are no strings are "". */
function stringsIn(data: unknown, key: string): string[] {
  const list = fieldOf(data, key);
  return Array.isArray(list) ? list.map((entry) => (typeof entry === 'string' ? entry : '')) : [];
}

/** The ids in a list of unsound data; "" for an entry without one. */
function idsIn(data: unknown, key: string): string[] {
  const list = fieldOf(data, key);
  if (!Array.isArray(list)) return [];
  return list.map((entry) => {
    const id = fieldOf(entry, 'id');
    return typeof id === 'string' ? id : '';
  });
}

/** What `halab lesson new` left for the author to fill in. */
function reportUnfinished(text: string, report: Report): void {
  const line = text.split('\n').findIndex((one) => /\bTODO\b/.test(one));
  if (line >= 0) report('here is still something to fill in; expected no TODO', line + 1);
}

function reportId(yaml: YamlFile, name: string): void {
  const id = fieldOf(yaml.data, 'id');
  if (typeof id === 'string' && id !== name) {
    yaml.report(
      ['id'],
      `found the id "${id}" in the folder "${name}"; expected them to be the same`,
    );
  }
}

/** A lesson requires earlier ones alone, so that no lessons can wait for each other. */
function reportRequires(yaml: YamlFile, name: string, all: readonly string[]): void {
  for (const [index, required] of stringsIn(yaml.data, 'requires').entries()) {
    const path = ['requires', index];
    if (required === name) {
      yaml.report(path, 'the lesson requires itself, so it would never open');
    } else if (!all.includes(required)) {
      yaml.report(path, `the course has no lesson "${required}"${didYouMean(required, all)}`);
    } else if (all.indexOf(required) > all.indexOf(name)) {
      yaml.report(
        path,
        `"${required}" comes after this lesson in course.yaml; expected an earlier one`,
      );
    }
  }
}

/** A lesson for two machines would never open in a lab of two if it required one for three. */
function reportTooLarge(yaml: YamlFile, lessons: readonly Lesson[]): void {
  for (const { id, machines, requires } of lessons) {
    const larger = lessons.find(
      (other) => requires.includes(other.id) && other.machines > machines,
    );
    if (larger === undefined) continue;
    yaml.report(
      ['lessons'],
      `"${id}" is for labs of ${machines} machines, but requires "${larger.id}", which needs ${larger.machines}`,
    );
  }
}

function reportTwins(yaml: YamlFile, key: string): void {
  const ids = idsIn(yaml.data, key);
  for (const [index, id] of ids.entries()) {
    if (id !== '' && ids.indexOf(id) !== index) {
      yaml.report([key, index, 'id'], `the id "${id}" is used twice in ${key}`);
    }
  }
}

/** Reports what cannot be in a lab as small as the lesson says it may be. */
function reportMachines(yaml: YamlFile, file: LessonFile, count: number): void {
  const advice = 'add machines: 3 to the check, or to the lesson';
  const look = (path: (string | number)[], checks: readonly CheckSpec[]): void => {
    for (const [index, check] of checks.entries()) {
      if (file.machines === 3 || check.machines === 3) continue;
      const kind = kindOf(check);
      const spec = check[kind];
      const on = fieldOf(spec, 'on');
      if (on === 'storage' || (Array.isArray(on) && on.includes('storage'))) {
        yaml.report(
          [...path, index, kind, 'on'],
          `a lab of two machines has no storage: ${advice}`,
        );
      }
      if (count === 2 && fieldOf(spec, 'ip') === '') {
        yaml.report(
          [...path, index, kind, 'ip'],
          `{{storage_ip}} is empty in a lab of two machines: ${advice}`,
        );
      }
    }
    if (
      file.machines === 2 &&
      checks.length > 0 &&
      checks.every(({ machines }) => machines === 3)
    ) {
      yaml.report(path, 'in a lab of two machines none of these checks is left');
    }
  };
  look(['entry'], file.entry);
  for (const [index, task] of file.tasks.entries()) look(['tasks', index, 'checks'], task.checks);
  for (const [index, drill] of file.drills.entries()) {
    look(['drills', index, 'then'], drill.then);
    look(['drills', index, 'after'], drill.after);
    for (const key of ['power-off', 'on'] as const) {
      if (file.machines === 2 && drill.fault[key] === 'storage') {
        yaml.report(['drills', index, 'fault', key], 'a lab of two machines has no storage');
      }
    }
  }
}

/** The lesson for this lab: machine names resolved, checks and scripts for larger labs left out. */
function lessonFrom(file: LessonFile, { machines }: LabOfCourse): Omit<Lesson, 'text'> {
  const fitting = (checks: readonly CheckSpec[]): CheckSpec[] =>
    checks.filter((check) => (check.machines ?? 2) <= machines.length);
  const have = machines.map(({ name }) => name);
  const steps = <Step extends { on: string | string[]; run: string }>(
    all: readonly Step[],
  ): (Omit<Step, 'on'> & SolutionStep)[] =>
    all
      .map((step) => ({
        ...step,
        on: namesOf(step.on, machines).filter((name) => have.includes(name)),
      }))
      .filter(({ on }) => on.length > 0);
  return {
    ...file,
    entry: fitting(file.entry),
    start:
      file.start === undefined ? null : { what: file.start.what, steps: steps(file.start.steps) },
    tasks: file.tasks.map(
      ({ solution: { both, pcs, crmsh }, ...task }): Task => ({
        ...task,
        checks: fitting(task.checks),
        solution: { pcs: steps(both ?? pcs ?? []), crmsh: steps(both ?? crmsh ?? []) },
        undo: steps(task.undo),
      }),
    ),
    drills: file.drills.map(
      ({ active, outage, hold = null, ...drill }): Drill => ({
        ...drill,
        hold,
        ...(active === undefined ? {} : { active }),
        ...(outage === undefined ? {} : { outage: outageFrom(outage) }),
        fault: faultFrom(drill.fault),
        // biome-ignore lint/suspicious/noThenProperty: the lessons' own word; a list is no promise
        then: fitting(drill.then),
        after: fitting(drill.after),
      }),
    ),
  };
}

type OutageFile = NonNullable<LessonFile['drills'][number]['outage']>;

const outageFrom = ({ ping, ask, from, below, above }: OutageFile): OutageSpec => ({
  ...(ping === undefined ? {} : { ping }),
  ...(ask === undefined ? {} : { ask }),
  from,
  below: below ?? null,
  above: above ?? null,
});

function faultFrom(fault: LessonFile['drills'][number]['fault']): Fault {
  const { 'stop-resource': stopped, kind, unit = '', run, what = '', undo = null } = fault;
  const machine = fault.on ?? fault['power-off'] ?? activeNode;
  if (stopped !== undefined) return { kind: 'stop-resource', ...stopped };
  if (kind !== undefined) return { kind: 'fault', name: kind, machine, unit };
  if (run !== undefined) return { kind: 'script', machine, run, what, undo };
  return { kind: 'power-off', machine };
}
