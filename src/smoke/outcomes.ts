import { setTimeout as sleep } from 'node:timers/promises';
import type { Verdict } from '../checks/verdict.ts';
import type { Task } from '../course/lesson.ts';
import { type CheckOptions, judgeTask } from '../session/check.ts';
import type { Session } from '../session/session.ts';
import type { Outcome } from './results.ts';

/**
 * Milliseconds in which a cluster has taken notice of what was done to it. To look before that tells only that it
 * is at work, and under emulation a look takes two seconds of a processor.
 */
const notices = 1500;

/** Passes when the task's checks do, within the time that the cluster is given; `expected` for a task that has passed before. */
export async function passes(
  session: Session,
  task: Task,
  options: Pick<CheckOptions, 'expected'> = {},
): Promise<Outcome> {
  await sleep(notices);
  const { passed, verdicts } = await judgeTask(session, task, { ...options, patient: true });
  return { passed, detail: sentences(verdicts) };
}

/** Passes when the task's checks fail. A task that is not solved must be refused, whatever the time given. */
export async function refuses(session: Session, task: Task): Promise<Outcome> {
  const { passed, verdicts } = await judgeTask(session, task, { expected: 'refusal' });
  return { passed: !passed, detail: sentences(verdicts) };
}

/** Verdicts for a report, a line each. */
export const sentences = (verdicts: readonly Verdict[]): string =>
  verdicts
    .map(
      ({ passed, expectation, evidence }) =>
        `${passed ? 'yes' : 'NO'}: ${expectation}. ${evidence}`,
    )
    .join('\n');
