import type { Verdict } from '../checks/verdict.ts';
import type { Flavour, Lesson, Task } from '../course/lesson.ts';
import { runDrill } from '../drills/run.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { judgeTask } from '../session/check.ts';
import { deleteCheckpoints, restoreCheckpoint, saveCheckpoint } from '../session/checkpoints.ts';
import { judgeEntry } from '../session/enter.ts';
import { beginLesson, bringToStart, saveLessonStart } from '../session/reset.ts';
import type { Session } from '../session/session.ts';
import { runSolution, runSteps } from '../session/solve.ts';
import type { SmokeResult } from './results.ts';

export interface PlayOptions {
  readonly flavour: Flavour;
  readonly emit: Emit;
  /** Keep the start of each lesson as a checkpoint. */
  readonly keepStarts: boolean;
  /** Makes all machines anew; called when there is no checkpoint to begin at. */
  readonly rebuild: () => Promise<Session>;
  readonly onResult: (result: SmokeResult) => void;
  /** Told of the first failure while the machines are still as they were then. */
  readonly onFailure: (session: Session) => Promise<void>;
  /** Told after each undo step, while what it undid is still undone; `number` counts from 1. For the recorder. */
  readonly onUndone?: (
    session: Session,
    lesson: Lesson,
    task: Task,
    number: number,
  ) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Plays lessons on real machines as a learner would who types each solution: for every task the
 * checks must fail before it, pass after it, and fail again for each thing that the lesson undoes;
 * every drill must pass. What a lesson stands on is left by the one played before it, or else built.
 * Ends early when a solution fails, since all that follows stands on it.
 */
export async function playLessons(
  given: Session,
  lessons: readonly Lesson[],
  options: PlayOptions,
): Promise<SmokeResult[]> {
  const results: SmokeResult[] = [];
  const played = new Set<string>();
  let session = given;
  const record = async (
    lesson: Lesson,
    name: string,
    work: () => Promise<Outcome>,
  ): Promise<boolean> => {
    if (options.signal?.aborted)
      throw new HalabError('The smoke was interrupted.', { exitCode: 130 });
    const started = performance.now();
    let outcome: Outcome;
    try {
      outcome = await work();
    } catch (error) {
      if (!(error instanceof HalabError)) throw error;
      outcome = { passed: false, detail: [error.message, error.reason].filter(Boolean).join('\n') };
    }
    const result = {
      lesson: lesson.id,
      name,
      seconds: (performance.now() - started) / 1000,
      ...outcome,
    };
    const isFirst = !result.passed && results.every(({ passed }) => passed);
    results.push(result);
    options.onResult(result);
    if (isFirst) await options.onFailure(session);
    return result.passed;
  };

  for (const lesson of lessons) {
    if (played.size === 0 || !lesson.requires.every((id) => played.has(id))) {
      const there = await record(lesson, 'its start is reached', async () => {
        session = await bringToStart(session, lesson, options);
        return { passed: true, detail: '' };
      });
      if (!there) return results;
    } else {
      await beginLesson(session, lesson, options.emit);
      if (options.keepStarts) await saveLessonStart(session, lesson, options.emit);
    }
    played.add(lesson.id);
    const entered = await record(lesson, 'what it stands on holds at its start', () =>
      entry(session, lesson),
    );
    if (!entered) return results;
    for (const task of lesson.tasks) {
      await record(lesson, `task ${task.id}: the checks fail before the solution`, () =>
        failsBefore(session, task),
      );
      const solved = await record(
        lesson,
        `task ${task.id}: the checks pass after the ${options.flavour} solution`,
        () => passesAfter(session, task, options),
      );
      if (!solved) return results;
      await playUndos(session, lesson, task, options, (name, work) =>
        record(lesson, `task ${task.id}: ${name}`, work),
      );
    }
    for (const drill of lesson.drills) {
      await record(lesson, `drill ${drill.id}`, async () => {
        const report = await runDrill(session, drill, options);
        const verdicts =
          report.outage === null ? report.verdicts : [report.outage.verdict, ...report.verdicts];
        return {
          passed: report.passed,
          detail: [report.fault, ...verdicts.map(sentence)].join('\n'),
          ...(report.outage === null ? {} : { outageSeconds: report.outage.seconds }),
          ...(report.outage === null || report.outage.parts === null
            ? {}
            : { parts: report.outage.parts }),
        };
      });
    }
  }
  return results;
}

/** The name of the checkpoint of a solved task, while each thing in it is undone alone. */
const solvedCheckpoint = 'smoke-solved';

type Outcome = Omit<SmokeResult, 'lesson' | 'name' | 'seconds'>;

/**
 * Undoes each single thing that a task's checks assert, and sees them fail. After each the machines go
 * back to the solved task, so that nothing stands on what another has left.
 */
async function playUndos(
  session: Session,
  lesson: Lesson,
  task: Task,
  options: PlayOptions,
  record: (name: string, work: () => Promise<Outcome>) => Promise<boolean>,
): Promise<void> {
  if (task.undo.length === 0) return;
  const { emit } = options;
  await deleteCheckpoints(session, [solvedCheckpoint]);
  await saveCheckpoint(session, { name: solvedCheckpoint, lesson: null, builtFrom: null }, emit);
  for (const [index, undo] of task.undo.entries()) {
    await record(`the checks fail without ${undo.what}`, async () => {
      await runSteps(session, [undo], `Undoing ${undo.what}`);
      return failsBefore(session, task);
    });
    await options.onUndone?.(session, lesson, task, index + 1);
    await restoreCheckpoint(session, solvedCheckpoint, emit);
  }
  await deleteCheckpoints(session, [solvedCheckpoint]);
}

async function entry(
  session: Session,
  lesson: Lesson,
): Promise<{ passed: boolean; detail: string }> {
  const verdicts = await judgeEntry(session, lesson, { patient: true });
  const nothing = verdicts.length === 0 ? 'It stands on nothing.' : '';
  return {
    passed: verdicts.every(({ passed }) => passed),
    detail: nothing || verdicts.map(sentence).join('\n'),
  };
}

/** A task that is not solved yet must be refused, whatever the time given. */
async function failsBefore(
  session: Session,
  task: Task,
): Promise<{ passed: boolean; detail: string }> {
  const { passed, verdicts } = await judgeTask(session, task);
  return { passed: !passed, detail: verdicts.map(sentence).join('\n') };
}

async function passesAfter(
  session: Session,
  task: Task,
  options: PlayOptions,
): Promise<{ passed: boolean; detail: string }> {
  await runSolution(session, task, options.flavour);
  const { passed, verdicts } = await judgeTask(session, task, { patient: true });
  return { passed, detail: verdicts.map(sentence).join('\n') };
}

const sentence = (verdict: Verdict): string =>
  `${verdict.passed ? 'yes' : 'NO'}: ${verdict.expectation}. ${verdict.evidence}`;
