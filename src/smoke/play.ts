import type { ClusterState } from '../cluster/state.ts';
import type { Flavour, Lesson } from '../course/lesson.ts';
import { lessonsBefore } from '../course/progress.ts';
import { runDrill } from '../drills/run.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { judgeEntry } from '../session/enter.ts';
import { beginLesson, bringToStart, saveLessonStart, solveLesson } from '../session/reset.ts';
import type { Session } from '../session/session.ts';
import { runSolution } from '../session/solve.ts';
import { passes, refuses, type Seen, sentences } from './outcomes.ts';
import type { Outcome, SmokeResult } from './results.ts';
import { type OnUndone, playUndos } from './undos.ts';

export interface PlayOptions {
  readonly flavour: Flavour;
  readonly emit: Emit;
  /** Keep the start of each lesson as a checkpoint. */
  readonly keepStarts: boolean;
  /** Makes all machines anew; called when there is no checkpoint to begin at. */
  readonly rebuild: () => Promise<Session>;
  readonly onResult: (result: SmokeResult) => void | Promise<void>;
  /** Told of the first failure while the machines are still as they were then. */
  readonly onFailure: (session: Session) => Promise<void>;
  readonly onUndone?: OnUndone;
  readonly signal?: AbortSignal;
}

/**
 * Whose solutions build a start in the middle of the course, as in `halab reset`: both lead to the same one
 * (startHash), and each command of pcs takes an emulated machine twice as long and more.
 */
const buildsStarts: Flavour = 'crmsh';

/**
 * Plays lessons on real machines as a learner would who types each solution: for every task the
 * checks must fail before it, pass after it, and fail again for each thing that the lesson undoes;
 * every drill must pass. What a lesson stands on is left by those played before it, or else solved on top of that
 * with crmsh, whatever flavour is played.
 * Ends early when a solution fails, since all that follows stands on it.
 */
export async function playLessons(
  given: Session,
  lessons: readonly Lesson[],
  options: PlayOptions,
): Promise<SmokeResult[]> {
  const results: SmokeResult[] = [];
  /** Ids of the lessons whose tasks are solved on the machines as they are. */
  const solved = new Set<string>();
  const onTheWay = { ...options, flavour: buildsStarts };
  let session = given;
  /** A state in which the machines still are; null when they may have changed since one was seen. */
  let seen: ClusterState | null = null;
  const remember = ({ state, ...outcome }: Seen): Outcome => {
    seen = state;
    return outcome;
  };
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
    await options.onResult(result);
    if (isFirst) await options.onFailure(session);
    return result.passed;
  };

  for (const lesson of lessons) {
    const missing = lessonsBefore(session.course, lesson).filter(({ id }) => !solved.has(id));
    const isFirst = solved.size === 0;
    if (isFirst || missing.length > 0) {
      const there = await record(lesson, 'its start is reached', async () => {
        if (isFirst) session = await bringToStart(session, lesson, onTheWay);
        else await solveOnTheWay(session, missing, onTheWay);
        return { passed: true, detail: '' };
      });
      if (!there) return results;
    }
    if (!isFirst) {
      await beginLesson(session, lesson, options.emit);
      if (options.keepStarts) await saveLessonStart(session, lesson, options.emit);
    }
    for (const { id } of [...missing, lesson]) solved.add(id);
    const entered = await record(lesson, 'what it stands on holds at its start', async () =>
      remember(await entry(session, lesson)),
    );
    if (!entered) return results;
    for (const [index, task] of lesson.tasks.entries()) {
      const next = lesson.tasks[index + 1]?.checks ?? [];
      await record(lesson, `task ${task.id}: the checks fail before the solution`, () =>
        refuses(session, task, seen),
      );
      const isSolved = await record(
        lesson,
        `task ${task.id}: the checks pass after the ${options.flavour} solution`,
        async () => {
          await runSolution(session, task, options.flavour);
          const also = task.undo.length === 0 ? next : [];
          return remember(await passes(session, task, also));
        },
      );
      if (!isSolved) return results;
      if (task.undo.length === 0) continue;
      const undone = await playUndos(session, lesson, task, {
        emit: options.emit,
        next,
        record: (name, work) => record(lesson, `task ${task.id}: ${name}`, work),
        onUndone: options.onUndone,
      });
      if (!undone.whole) return results;
      seen = undone.seen;
    }
    for (const drill of lesson.drills) {
      await record(lesson, `drill ${drill.id}`, async () => {
        const report = await runDrill(session, drill, options);
        const verdicts =
          report.outage === null ? report.verdicts : [report.outage.verdict, ...report.verdicts];
        return {
          passed: report.passed,
          detail: [report.fault, sentences(verdicts)].join('\n'),
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

/** Solves lessons that what was played before does not cover, each after what it begins with. */
async function solveOnTheWay(
  session: Session,
  lessons: readonly Lesson[],
  options: PlayOptions,
): Promise<void> {
  for (const lesson of lessons) {
    await beginLesson(session, lesson, options.emit);
    await solveLesson(session, lesson, options);
  }
}

async function entry(session: Session, lesson: Lesson): Promise<Seen> {
  const also = lesson.tasks[0]?.checks ?? [];
  const { verdicts, state } = await judgeEntry(session, lesson, { patient: true, also });
  const nothing = verdicts.length === 0 ? 'It stands on nothing.' : '';
  return {
    passed: verdicts.every(({ passed }) => passed),
    detail: nothing || sentences(verdicts),
    state,
  };
}
