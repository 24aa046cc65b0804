import type { CheckSpec } from '../checks/index.ts';
import type { Verdict } from '../checks/verdict.ts';
import type { Lesson, Task } from '../course/lesson.ts';
import { taskDone } from '../course/progress.ts';
import { type SettleResult, settle } from '../course/settle.ts';
import { ExitCode, HalabError } from '../errors.ts';
import type { Session } from './session.ts';

export interface CheckOptions {
  /** Wait to the task's limit, even for a cluster that looks settled. */
  readonly patient?: boolean;
  /** Do not wait at all beyond the second observation. */
  readonly now?: boolean;
  /** As in settle. */
  readonly expected?: 'pass' | 'refusal';
  /** As in settle. */
  readonly also?: readonly CheckSpec[];
  readonly onWait?: (reason: string) => void;
  readonly signal?: AbortSignal;
}

/** Judges a task against the machines. Records nothing. */
export function judgeTask(
  session: Session,
  task: Task,
  options: CheckOptions = {},
): Promise<SettleResult> {
  return settle({
    observe: session.observe,
    checks: task.checks,
    machines: session.lab.machines,
    within: options.now === true ? 0 : task.within,
    patient: options.patient ?? false,
    untilRest: session.untilRest,
    ...(options.also === undefined ? {} : { also: options.also }),
    ...(options.expected === undefined ? {} : { expected: options.expected }),
    ...(options.onWait === undefined ? {} : { onWait: options.onWait }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** The first thing that a task still lacks, by one look at the machines; null when it lacks nothing. Records nothing. */
export async function firstMissing(
  session: Session,
  task: Task,
  signal?: AbortSignal,
): Promise<Verdict | null> {
  const { passed, verdicts } = await judgeTask(session, task, {
    now: true,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!passed) assertDecided(signal);
  return verdicts.find(({ passed }) => !passed) ?? null;
}

/** @throws HalabError (exit 130) when the signal has aborted: what was seen until then is no verdict. */
function assertDecided(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new HalabError('Interrupted before it was decided. Nothing was recorded.', {
    next: 'Look again: halab check',
    exitCode: ExitCode.interrupted,
  });
}

/**
 * Judges a task and, when it passed, records it as done.
 * @throws HalabError (exit 130) when it is asked to end before that is decided.
 */
export async function checkTask(
  session: Session,
  lesson: Lesson,
  task: Task,
  options: CheckOptions = {},
): Promise<SettleResult> {
  const result = await judgeTask(session, task, options);
  if (!result.passed) assertDecided(options.signal);
  if (result.passed) {
    const evidence = result.verdicts.map((verdict) => verdict.evidence).join(' ');
    session.update((progress) => taskDone(progress, lesson.id, task.id, evidence, new Date()));
  }
  return result;
}
