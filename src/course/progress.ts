import { existsSync, readFileSync, renameSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { HalabError } from '../errors.ts';
import type { Course, Drill, Lesson, Task } from './lesson.ts';

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
      tasks: z.record(z.string(), z.object({ doneAt: time, evidence: z.string() })),
      drills: z.record(z.string(), z.object({ passedAt: time, outageSeconds: z.number().nullable() })),
      /** How many hints of each task were shown. */
      hints: z.record(z.string(), z.number().int().min(0)),
    }),
  ),
});

/** How far a learner is in a lab. What is done stays done. */
export type Progress = z.infer<typeof progressSchema>;
type LessonProgress = Progress['lessons'][string];

export const emptyProgress = (): Progress => ({ format, chosen: null, lessons: {} });

const emptyLesson: LessonProgress = { enteredAt: null, tasks: {}, drills: {}, hints: {} };
const of = (progress: Progress, lesson: string): LessonProgress => progress.lessons[lesson] ?? emptyLesson;
const change = (progress: Progress, lesson: string, part: Partial<LessonProgress>): Progress => ({
  ...progress,
  lessons: { ...progress.lessons, [lesson]: { ...of(progress, lesson), ...part } },
});

export const lessonEntered = (progress: Progress, lesson: string, at: Date): Progress =>
  change({ ...progress, chosen: lesson }, lesson, { enteredAt: of(progress, lesson).enteredAt ?? at.toISOString() });

export const taskDone = (progress: Progress, lesson: string, task: string, evidence: string, at: Date): Progress => {
  const { tasks } = of(progress, lesson);
  return task in tasks ? progress : change(progress, lesson, { tasks: { ...tasks, [task]: { doneAt: at.toISOString(), evidence } } });
};

export const drillPassed = (progress: Progress, lesson: string, drill: string, outageSeconds: number | null, at: Date): Progress =>
  change(progress, lesson, { drills: { ...of(progress, lesson).drills, [drill]: { passedAt: at.toISOString(), outageSeconds } } });

/** How many hints of a task the learner has seen. */
export const hintsShown = (progress: Progress, lesson: string, task: string): number => of(progress, lesson).hints[task] ?? 0;

export const hintShown = (progress: Progress, lesson: string, task: string): Progress =>
  change(progress, lesson, { hints: { ...of(progress, lesson).hints, [task]: hintsShown(progress, lesson, task) + 1 } });

export const isTaskDone = (progress: Progress, lesson: string, task: string): boolean => task in of(progress, lesson).tasks;

/** Drills of the lesson that have not passed yet. */
export const openDrills = (lesson: Lesson, progress: Progress): Drill[] =>
  lesson.drills.filter(({ id }) => !(id in of(progress, lesson.id).drills));

/** The first task of the lesson that is not done; null when all are. */
export const currentTask = (lesson: Lesson, progress: Progress): Task | null =>
  lesson.tasks.find(({ id }) => !isTaskDone(progress, lesson.id, id)) ?? null;

const isDone = (lesson: Lesson, progress: Progress): boolean =>
  currentTask(lesson, progress) === null && openDrills(lesson, progress).length === 0;

/** locked: something that it requires is not done; open: may be begun; started; done: all tasks and drills. */
export type LessonStatus = 'locked' | 'open' | 'started' | 'done';

export function lessonStatus(course: Course, progress: Progress, lessonId: string): LessonStatus {
  const lesson = course.lessons.find(({ id }) => id === lessonId);
  if (lesson === undefined) throw new Error(`no lesson ${lessonId}`);
  if (isDone(lesson, progress)) return 'done';
  const open = lesson.requires.every((required) => lessonStatus(course, progress, required) === 'done');
  if (!open) return 'locked';
  const { enteredAt, tasks } = of(progress, lessonId);
  return enteredAt !== null || Object.keys(tasks).length > 0 ? 'started' : 'open';
}

/** The lesson that the learner chose if it is not done, else the first that is not done; null when the course is finished. */
export function currentLesson(course: Course, progress: Progress): Lesson | null {
  const chosen = course.lessons.find(({ id }) => id === progress.chosen);
  if (chosen !== undefined && ['open', 'started'].includes(lessonStatus(course, progress, chosen.id))) return chosen;
  return course.lessons.find((lesson) => !isDone(lesson, progress)) ?? null;
}

/**
 * Reads progress from a file; empty when there is none. A file that cannot be read is renamed and
 * its new name told in `setAside`.
 * @throws HalabError when a newer halab wrote it.
 */
export function readProgress(file: string): { progress: Progress; setAside: string | null } {
  if (!existsSync(file)) return { progress: emptyProgress(), setAside: null };
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return setAside(file);
  }
  const found = z.looseObject({ format: z.number() }).safeParse(data);
  if (found.success && found.data.format > format) {
    throw new HalabError('Your progress was written by a newer halab.', {
      reason: `${file} has format ${found.data.format}; this halab knows formats up to ${format}.`,
      next: 'Use that newer halab.',
    });
  }
  const result = progressSchema.safeParse(data);
  return result.success ? { progress: result.data, setAside: null } : setAside(file);
}

function setAside(file: string): { progress: Progress; setAside: string } {
  const kept = `${file}.corrupt-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  renameSync(file, kept);
  return { progress: emptyProgress(), setAside: kept };
}

/** Writes progress, all of it or nothing. */
export function writeProgress(file: string, progress: Progress): void {
  writeFileAtomic.sync(file, `${JSON.stringify(progress, null, 2)}\n`, { mode: 0o600 });
}
