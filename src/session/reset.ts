import { createHash } from 'node:crypto';
import type { Course, Flavour, Lesson } from '../course/lesson.ts';
import { lessonStatus, lessonsBefore } from '../course/progress.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { assertGoesOn } from '../interruption.ts';
import { withLock } from '../lab/lock.ts';
import { judgeTask } from './check.ts';
import { lessonCheckpoint } from './checkpoint-file.ts';
import {
  deleteCheckpoints,
  pruneCheckpoints,
  restoreCheckpoint,
  saveCheckpoint,
} from './checkpoints.ts';
import { judgeEntry } from './enter.ts';
import type { Session } from './session.ts';
import { runSolution, runSteps } from './solve.ts';

/**
 * How a lesson's start is reached: a checkpoint to restore (null: machines made anew), and the
 * lessons whose solutions are then run, in order.
 */
export interface WayToStart {
  readonly checkpoint: string | null;
  readonly solve: readonly Lesson[];
}

/**
 * The shortest way to a lesson's start, by the checkpoints that there are: from the start of an earlier
 * lesson that stands on nothing but what this one stands on too, and that itself belongs to the way or
 * begins with changing nothing.
 */
export function wayToStart(
  course: Course,
  lesson: Lesson,
  checkpoints: readonly string[],
): WayToStart {
  if (checkpoints.includes(lessonCheckpoint(lesson.id)))
    return { checkpoint: lessonCheckpoint(lesson.id), solve: [] };
  const before = lessonsBefore(course, lesson);
  const ways = course.lessons
    .slice(0, course.lessons.indexOf(lesson))
    .filter(
      (earlier) =>
        checkpoints.includes(lessonCheckpoint(earlier.id)) &&
        (before.includes(earlier) || earlier.start === null) &&
        lessonsBefore(course, earlier).every((one) => before.includes(one)),
    )
    .map((earlier) => {
      const done = lessonsBefore(course, earlier);
      return {
        checkpoint: lessonCheckpoint(earlier.id),
        solve: before.filter((one) => !done.includes(one)),
      };
    });
  const [shortest] = ways.toSorted((one, other) => one.solve.length - other.solve.length);
  return shortest ?? { checkpoint: null, solve: before };
}

/** Hash of all that makes a lesson's start: equal hashes, equal starts. */
export function startHash(course: Course, lesson: Lesson, box: string): string {
  const solutions = lessonsBefore(course, lesson).map(({ id, tasks }) => [
    id,
    tasks.map(({ solution }) => solution),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([box, solutions, lesson.start]))
    .digest('hex');
}

/** Deletes the starts of lessons that were built from other solutions or another box than today's. */
export async function dropStaleStarts(session: Session): Promise<void> {
  const { course, lab } = session;
  const stale = (await session.checkpoints()).filter((checkpoint) => {
    const lesson = course.lessons.find(({ id }) => id === checkpoint.lesson);
    return (
      lesson === undefined || checkpoint.builtFrom !== startHash(course, lesson, lab.record.box)
    );
  });
  await deleteCheckpoints(
    session,
    stale.map(({ name }) => name),
  );
}

export interface ResetOptions {
  readonly emit: Emit;
  /** Whose solutions build a start for which there is no checkpoint. */
  readonly flavour: Flavour;
  /** false: take no checkpoint of the start. */
  readonly keepStarts?: boolean;
  /** Makes all machines anew, when there is no checkpoint to begin at. @returns a session on them. */
  readonly rebuild: () => Promise<Session>;
  readonly signal?: AbortSignal;
}

/**
 * Brings all machines to the start of a lesson: by its checkpoint, or else from the nearest one before
 * it, with the solutions of the lessons between; then that start has a checkpoint too, unless none is wanted. Progress is left alone.
 * @returns the session on the machines as they are then.
 * @throws HalabError when they do not get there (exit 3), or on an interruption.
 */
export async function bringToStart(
  session: Session,
  lesson: Lesson,
  options: ResetOptions,
): Promise<Session> {
  const { emit, signal } = options;
  const present = await session.checkpoints();
  const way = wayToStart(
    session.course,
    lesson,
    present.map(({ name }) => name),
  );
  let at = session;
  if (way.checkpoint === null) at = await options.rebuild();
  else await restoreCheckpoint(session, way.checkpoint, emit);
  if (way.checkpoint === lessonCheckpoint(lesson.id)) return at;
  for (const before of way.solve) await solveLesson(at, before, options);
  assertGoesOn(signal, interrupted);
  await beginLesson(at, lesson, emit);
  const { verdicts } = await judgeEntry(at, lesson, {
    patient: true,
    ...(signal === undefined ? {} : { signal }),
  });
  const failed = verdicts.find(({ passed }) => !passed);
  if (failed !== undefined) {
    assertGoesOn(signal, interrupted);
    throw new HalabError(`The start of "${lesson.title}" was not reached.`, {
      reason: failed.evidence,
      next: 'Try again: halab reset. Or make the lab anew: halab destroy, then halab up',
    });
  }
  if (options.keepStarts !== false) await saveLessonStart(at, lesson, emit);
  return at;
}

/** Does to the machines what a lesson begins with. @throws HalabError when a script fails. */
export async function beginLesson(
  session: Session,
  { id, start }: Lesson,
  emit: Emit,
): Promise<void> {
  if (start === null) return;
  const step = `begin-${id}`;
  const started = performance.now();
  emit({ type: 'step-started', step, title: start.what });
  try {
    await runSteps(session, start.steps, start.what);
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    throw error;
  }
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

/** Takes the checkpoint of a lesson's start, in place of an older one, and deletes those that are one too many. */
export async function saveLessonStart(session: Session, lesson: Lesson, emit: Emit): Promise<void> {
  const name = lessonCheckpoint(lesson.id);
  await deleteCheckpoints(session, [name]);
  await saveCheckpoint(
    session,
    {
      name,
      lesson: lesson.id,
      builtFrom: startHash(session.course, lesson, session.lab.record.box),
    },
    emit,
  );
  await pruneCheckpoints(session);
}

/**
 * When the learner comes to a lesson for the first time: does what it begins with, and takes the
 * checkpoint of its start. One that cannot be taken is told of and is no reason not to learn.
 * @throws HalabError when the machines do not get to the start.
 */
export async function keepStart(session: Session, lesson: Lesson, emit: Emit): Promise<void> {
  if (lessonStatus(session.course, session.progress(), lesson.id) !== 'open') return;
  await withLock(session.lab.record.name, `beginning "${lesson.title}"`, () =>
    beginLesson(session, lesson, emit),
  );
  try {
    await withLock(session.lab.record.name, `saving the start of "${lesson.title}"`, () =>
      saveLessonStart(session, lesson, emit),
    );
  } catch (error) {
    if (!(error instanceof HalabError)) throw error;
    emit({
      type: 'note',
      text: `halab reset will take longer, since the start of this lesson was not saved. ${error.message} ${error.reason ?? ''}`.trim(),
    });
  }
}

/**
 * Runs the solutions of a lesson's tasks but for exercises, and sees each task's checks pass.
 * @throws HalabError when one does not, or on an interruption.
 */
export async function solveLesson(
  session: Session,
  lesson: Lesson,
  { emit, flavour, signal }: Pick<ResetOptions, 'emit' | 'flavour' | 'signal'>,
): Promise<void> {
  const stopped = (): boolean => signal?.aborted === true;
  for (const task of lesson.tasks.filter(({ exercise }) => !exercise)) {
    if (stopped()) throw interrupted();
    const step = `solve-${lesson.id}-${task.id}`;
    const started = performance.now();
    emit({ type: 'step-started', step, title: `Doing "${task.title}"` });
    try {
      await runSolution(session, task, flavour);
      const { passed, verdicts } = await judgeTask(session, task, {
        patient: true,
        expected: 'pass',
        onWait: (text) => emit({ type: 'step-progress', step, text }),
        ...(signal === undefined ? {} : { signal }),
      });
      if (!passed) {
        if (stopped()) throw interrupted();
        throw new HalabError(`"${task.title}" could not be done by its solution.`, {
          reason: verdicts.find((verdict) => !verdict.passed)?.evidence ?? '',
          next: 'Try again: halab reset',
        });
      }
    } catch (error) {
      emit({ type: 'step-failed', step, text: 'failed' });
      throw error;
    }
    emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
  }
}

const interrupted = (): HalabError =>
  new HalabError('The reset was interrupted. The machines are somewhere on the way.', {
    next: 'Begin it again: halab reset',
    exitCode: 130,
  });
