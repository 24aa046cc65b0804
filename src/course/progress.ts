import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { makeFolder } from '../paths.ts';
import { readRecord, withFile } from '../record-file.ts';
import { type Course, type Drill, fits, type Lesson, type Task } from './lesson.ts';

const format = 1;
const time = z.iso.datetime();

const progressSchema = z.object({
  format: z.literal(format),
  /** The lesson that the learner chose last; null: the first that is not done. */
  chosen: z.string().nullable(),
  lessons: z.record(
    z.string(),
    z.object({
      enteredAt: time.nullable(),
      /** The learner was brought to a later lesson by a reset: this one opens others though it is not done. */
      skippedAt: time.nullable().default(null),
      tasks: z.record(z.string(), z.object({ doneAt: time, evidence: z.string() })),
      drills: z.record(
        z.string(),
        z.object({ passedAt: time, outageSeconds: z.number().nullable() }),
      ),
      /** How many hints of each task were shown. */
      hints: z.record(z.string(), z.number().int().min(0)),
    }),
  ),
});

const progressKind = { holds: 'your progress', schema: progressSchema, format };

/** How far a learner is in a lab. What is done stays done. */
export type Progress = z.infer<typeof progressSchema>;
type LessonProgress = Progress['lessons'][string];

export const emptyProgress = (): Progress => ({ format, chosen: null, lessons: {} });

const emptyLesson: LessonProgress = {
  enteredAt: null,
  skippedAt: null,
  tasks: {},
  drills: {},
  hints: {},
};

/** A record's own entry: a lesson or a task may be called "constructor". */
const own = <Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

const of = (progress: Progress, lesson: string): LessonProgress =>
  own(progress.lessons, lesson) ?? emptyLesson;

const change = (progress: Progress, lesson: string, part: Partial<LessonProgress>): Progress => ({
  ...progress,
  lessons: { ...progress.lessons, [lesson]: { ...of(progress, lesson), ...part } },
});

/** The learner opened the lesson: it becomes the current one, and keeps the time when it was first opened. */
export const lessonEntered = (progress: Progress, lesson: string, at: Date): Progress =>
  change({ ...progress, chosen: lesson }, lesson, {
    enteredAt: of(progress, lesson).enteredAt ?? at.toISOString(),
  });

/** The learner turned to the lesson, but what it begins with could not be done: it becomes the current one, and is still to be begun. */
export const lessonChosen = (progress: Progress, lesson: string): Progress => ({
  ...progress,
  chosen: lesson,
});

/** The task is done, for good; the first time and its evidence are kept. */
export function taskDone(
  progress: Progress,
  lesson: string,
  task: string,
  evidence: string,
  at: Date,
): Progress {
  if (isTaskDone(progress, lesson, task)) return progress;
  const { tasks } = of(progress, lesson);
  return change(progress, lesson, {
    tasks: { ...tasks, [task]: { doneAt: at.toISOString(), evidence } },
  });
}

/** The drill has passed; its newest outage is kept. `outageSeconds`: null for a drill that measures none. */
export const drillPassed = (
  progress: Progress,
  lesson: string,
  drill: string,
  outageSeconds: number | null,
  at: Date,
): Progress =>
  change(progress, lesson, {
    drills: {
      ...of(progress, lesson).drills,
      [drill]: { passedAt: at.toISOString(), outageSeconds },
    },
  });

/** How many hints of a task the learner has seen. */
export const hintsShown = (progress: Progress, lesson: string, task: string): number =>
  own(of(progress, lesson).hints, task) ?? 0;

/** The learner has seen one more hint of a task. */
export const hintShown = (progress: Progress, lesson: string, task: string): Progress =>
  change(progress, lesson, {
    hints: { ...of(progress, lesson).hints, [task]: hintsShown(progress, lesson, task) + 1 },
  });

export const isTaskDone = (progress: Progress, lesson: string, task: string): boolean =>
  Object.hasOwn(of(progress, lesson).tasks, task);

/** Drills of the lesson that have not passed yet. */
export const openDrills = (lesson: Lesson, progress: Progress): Drill[] =>
  lesson.drills.filter(({ id }) => !Object.hasOwn(of(progress, lesson.id).drills, id));

/** The first task of the lesson that is not done; null when all are. */
export const currentTask = (lesson: Lesson, progress: Progress): Task | null =>
  lesson.tasks.find(({ id }) => !isTaskDone(progress, lesson.id, id)) ?? null;

const isDone = (lesson: Lesson, progress: Progress): boolean =>
  currentTask(lesson, progress) === null && openDrills(lesson, progress).length === 0;

/**
 * locked: something that it requires is neither done nor skipped; open: may be begun; started; done: all tasks and drills;
 * skipped: a reset went past it; unfit: the lab has too few machines for it.
 */
export type LessonStatus = 'unfit' | 'locked' | 'open' | 'started' | 'done' | 'skipped';

/** @throws Error when the course has no such lesson. */
export function lessonStatus(course: Course, progress: Progress, lessonId: string): LessonStatus {
  const lesson = course.lessons.find(({ id }) => id === lessonId);
  if (lesson === undefined) throw new Error(`no lesson ${lessonId}`);
  if (!fits(course, lesson)) return 'unfit';
  if (isDone(lesson, progress)) return 'done';
  const { enteredAt, skippedAt, tasks } = of(progress, lessonId);
  if (skippedAt !== null) return 'skipped';
  const open = lesson.requires.every((required) =>
    ['done', 'skipped'].includes(lessonStatus(course, progress, required)),
  );
  if (!open) return 'locked';
  return enteredAt !== null || Object.keys(tasks).length > 0 ? 'started' : 'open';
}

/** The lesson that the learner chose if it is not done, else the first that is not done; null when the course is finished. */
export function currentLesson(course: Course, progress: Progress): Lesson | null {
  const chosen = course.lessons.find(({ id }) => id === progress.chosen);
  if (
    chosen !== undefined &&
    ['open', 'started'].includes(lessonStatus(course, progress, chosen.id))
  ) {
    return chosen;
  }
  return (
    course.lessons.find(({ id }) =>
      ['open', 'started'].includes(lessonStatus(course, progress, id)),
    ) ?? null
  );
}

/** All that a lesson stands on, in the course's order. */
export function lessonsBefore(course: Course, lesson: Lesson): Lesson[] {
  const wanted = new Set<string>();
  const want = (id: string): void => {
    wanted.add(id);
    course.lessons.find((candidate) => candidate.id === id)?.requires.forEach(want);
  };
  lesson.requires.forEach(want);
  return course.lessons.filter(({ id }) => wanted.has(id));
}

/** Lessons that stand on this one and of which something is done. */
export const begunAfter = (course: Course, progress: Progress, lesson: Lesson): Lesson[] =>
  course.lessons.filter(
    (later) =>
      lessonsBefore(course, later).includes(lesson) &&
      (Object.keys(of(progress, later.id).tasks).length > 0 ||
        Object.keys(of(progress, later.id).drills).length > 0),
  );

/**
 * The machines are back at the start of a lesson: its tasks and drills are open again, it is the
 * current lesson, and what it stands on counts as skipped where it was not done. With `forget`, what
 * was done in lessons that stand on it is open again too. Hints stay shown.
 */
export function lessonReset(
  course: Course,
  progress: Progress,
  lesson: Lesson,
  { forget, at }: { forget: boolean; at: Date },
): Progress {
  const undone = [lesson, ...(forget ? begunAfter(course, progress, lesson) : [])];
  const open = undone.reduce(
    (now, { id }) => change(now, id, { enteredAt: null, skippedAt: null, tasks: {}, drills: {} }),
    progress,
  );
  const skipped = lessonsBefore(course, lesson)
    .filter((before) => !isDone(before, open))
    .reduce((now, { id }) => change(now, id, { skippedAt: at.toISOString() }), open);
  return lessonEntered(skipped, lesson.id, at);
}

/**
 * Reads progress from a file; empty when there is none. A file that is no progress is renamed and
 * its new name told in `setAside`.
 * @throws HalabError when a newer halab wrote it (exit 2), or when the file cannot be read (exit 3).
 */
export function readProgress(file: string): { progress: Progress; setAside: string | null } {
  const { record, setAside } = readRecord(file, progressKind);
  return { progress: record ?? emptyProgress(), setAside };
}

/** Writes progress, all of it or nothing. @throws HalabError when it cannot. */
export function writeProgress(file: string, progress: Progress): void {
  withFile(file, progressKind.holds, 'written', () => {
    makeFolder(dirname(file));
    writeFileAtomic.sync(file, `${JSON.stringify(progress, null, 2)}\n`, { mode: 0o600 });
  });
}
