import type { Verdict } from '../checks/verdict.ts';
import type { Course, Flavour, Lesson, Task } from '../course/lesson.ts';
import { runDrill } from '../drills/run.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { judgeTask } from '../session/check.ts';
import { judgeEntry } from '../session/enter.ts';
import type { Session } from '../session/session.ts';
import { runSolution, runSteps } from '../session/solve.ts';
import type { SmokeResult } from './results.ts';

export interface PlayOptions {
  readonly flavour: Flavour;
  readonly emit: Emit;
  readonly onResult: (result: SmokeResult) => void;
  readonly signal?: AbortSignal;
}

/** The lessons to play, in order: those named, and before each what it requires. */
export function lessonsToPlay(course: Course, named: readonly string[]): Lesson[] {
  const wanted = new Set<string>();
  const want = (id: string): void => {
    const lesson = course.lessons.find((candidate) => candidate.id === id);
    if (lesson === undefined) {
      throw new HalabError(`There is no lesson "${id}".`, { next: 'halab lessons', exitCode: 2 });
    }
    lesson.requires.forEach(want);
    wanted.add(id);
  };
  (named.length > 0 ? named : course.lessons.map(({ id }) => id)).forEach(want);
  return course.lessons.filter(({ id }) => wanted.has(id));
}

/**
 * Plays lessons on real machines as a learner would who types each solution: for every task the
 * checks must fail before it, pass after it, and fail again for each thing that the lesson undoes;
 * every drill must pass. Ends early when a solution fails, since all that follows stands on it.
 */
export async function playLessons(
  session: Session,
  lessons: readonly Lesson[],
  options: PlayOptions,
): Promise<SmokeResult[]> {
  const results: SmokeResult[] = [];
  const record = async (
    lesson: Lesson,
    name: string,
    work: () => Promise<Omit<SmokeResult, 'lesson' | 'name' | 'seconds'>>,
  ): Promise<boolean> => {
    if (options.signal?.aborted)
      throw new HalabError('The smoke was interrupted.', { exitCode: 130 });
    const started = performance.now();
    let outcome: Omit<SmokeResult, 'lesson' | 'name' | 'seconds'>;
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
    results.push(result);
    options.onResult(result);
    return result.passed;
  };

  for (const lesson of lessons) {
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
      for (const undo of task.undo) {
        await record(lesson, `task ${task.id}: the checks fail without ${undo.what}`, async () => {
          await runSteps(session, [undo], `Undoing ${undo.what}`, () => {});
          return failsBefore(session, task);
        });
        const again = await record(lesson, `task ${task.id}: and pass once it is redone`, () =>
          passesAfter(session, task, options),
        );
        if (!again) return results;
      }
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
        };
      });
    }
  }
  return results;
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
  await runSolution(session, task, options.flavour, () => {});
  const { passed, verdicts } = await judgeTask(session, task, { patient: true });
  return { passed, detail: verdicts.map(sentence).join('\n') };
}

const sentence = (verdict: Verdict): string =>
  `${verdict.passed ? 'yes' : 'NO'}: ${verdict.expectation}. ${verdict.evidence}`;
