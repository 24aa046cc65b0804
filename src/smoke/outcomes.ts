import { type CheckSpec, judge } from '../checks/index.ts';
import type { Verdict } from '../checks/verdict.ts';
import { isSettled } from '../cluster/settling.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Task } from '../course/lesson.ts';
import { judgeTask } from '../session/check.ts';
import type { Session } from '../session/session.ts';
import type { Outcome } from './results.ts';

/** An outcome, and the state of the machines that it was judged by; null when nobody had to look. */
export interface Seen extends Outcome {
  readonly state: ClusterState | null;
}

/**
 * Passes when the task's checks do, within the time that the cluster is given. The machines are asked what `also`
 * needs to know besides, so that the same state tells of what comes next.
 */
export async function passes(
  session: Session,
  task: Task,
  also: readonly CheckSpec[] = [],
): Promise<Seen> {
  const { passed, verdicts, state } = await judgeTask(session, task, {
    patient: true,
    expected: 'pass',
    also,
  });
  return { passed, detail: sentences(verdicts), state };
}

/**
 * Passes when the task's checks fail. A task that is not solved must be refused, whatever the time given. When `seen`,
 * a settled state in which the machines still are and that tells enough, refuses it, nobody looks again.
 */
export async function refuses(
  session: Session,
  task: Task,
  seen: ClusterState | null = null,
): Promise<Outcome> {
  if (seen !== null && isSettled(seen)) {
    const verdicts = task.checks.map((check) => judge(check, seen, session.lab.machines));
    if (verdicts.some(({ passed }) => !passed))
      return { passed: true, detail: sentences(verdicts) };
  }
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
