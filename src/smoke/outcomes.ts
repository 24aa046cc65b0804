import type { Verdict } from '../checks/verdict.ts';
import type { Task } from '../course/lesson.ts';
import { judgeTask } from '../session/check.ts';
import type { Session } from '../session/session.ts';
import type { Outcome } from './results.ts';

/** Passes when the task's checks do, within the time that the cluster is given. */
export async function passes(session: Session, task: Task): Promise<Outcome> {
  const { passed, verdicts } = await judgeTask(session, task, { patient: true, expected: 'pass' });
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
