import { type Course, type Drill, fits, type Lesson, type Task } from '../course/lesson.ts';
import {
  currentLesson,
  currentTask,
  lessonStatus,
  openDrills,
  type Progress,
} from '../course/progress.ts';
import { usageError } from '../errors.ts';

const list = (ids: readonly { readonly id: string }[]): string =>
  ids.map(({ id }) => id).join(', ');

/** The lesson that is named, or the current one. @throws HalabError (exit 2) when there is none, or when it is locked. */
export function pickLesson(course: Course, progress: Progress, named: string | undefined): Lesson {
  const lesson = namedLesson(course, progress, named);
  assertFits(course, lesson);
  if (lessonStatus(course, progress, lesson.id) === 'locked') {
    throw usageError(
      `The lesson "${lesson.title}" is not open yet.`,
      `First: ${lesson.requires.join(', ')}. See: halab lessons`,
    );
  }
  return lesson;
}

/**
 * @throws HalabError (exit 2) when the lesson begins with a change of the machines that was not made yet: it would
 * be judged on other ground than its own.
 */
export function assertBegun(course: Course, progress: Progress, lesson: Lesson): void {
  if (lesson.start === null || lessonStatus(course, progress, lesson.id) !== 'open') return;
  throw usageError(
    `The lesson "${lesson.title}" has not begun. It begins with: ${lesson.start.what}.`,
    'Begin it: halab learn',
  );
}

/** @throws HalabError (exit 2) when the lab has too few machines for the lesson. */
export function assertFits(course: Course, lesson: Lesson): void {
  if (fits(course, lesson)) return;
  throw usageError(
    `The lesson "${lesson.title}" needs ${lesson.machines} machines; this lab has ${course.machineCount}.`,
    `Make a second lab beside it: halab --lab three up --machines ${lesson.machines}`,
  );
}

/** The lesson that is named, open or not, or the current one. @throws HalabError (exit 2) when there is none. */
export function namedLesson(course: Course, progress: Progress, named: string | undefined): Lesson {
  if (named === undefined) {
    const lesson = currentLesson(course, progress);
    if (lesson === null)
      throw usageError('You have finished the course.', 'Read a lesson again: halab learn LESSON');
    return lesson;
  }
  const lesson = course.lessons.find(({ id }) => id === named);
  if (lesson === undefined)
    throw usageError(`There is no lesson "${named}".`, `The lessons: ${list(course.lessons)}.`);
  return lesson;
}

/** The task that is named, or the lesson's next one. @throws HalabError (exit 2) when there is none. */
export function pickTask(lesson: Lesson, progress: Progress, named: string | undefined): Task {
  const task =
    named === undefined
      ? currentTask(lesson, progress)
      : lesson.tasks.find(({ id }) => id === named);
  if (task !== undefined && task !== null) return task;
  if (named !== undefined)
    throw usageError(
      `The lesson "${lesson.title}" has no task "${named}".`,
      `Its tasks: ${list(lesson.tasks)}.`,
    );
  throw usageError(
    `All tasks of "${lesson.title}" are done.`,
    openDrills(lesson, progress).length > 0
      ? 'Run its drill: halab drill'
      : 'Check one again: halab check TASK. Or go on: halab learn',
  );
}

/** The drill that is named, or the lesson's next one that has not passed (or its first). @throws HalabError (exit 2) when there is none. */
export function pickDrill(lesson: Lesson, progress: Progress, named: string | undefined): Drill {
  const drill =
    named === undefined
      ? (openDrills(lesson, progress)[0] ?? lesson.drills[0])
      : lesson.drills.find(({ id }) => id === named);
  if (drill !== undefined) return drill;
  if (lesson.drills.length === 0)
    throw usageError(`The lesson "${lesson.title}" has no drill.`, 'halab lessons');
  throw usageError(
    `The lesson "${lesson.title}" has no drill "${named}".`,
    `Its drills: ${list(lesson.drills)}.`,
  );
}
