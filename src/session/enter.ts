import type { CheckSpec } from '../checks/index.ts';
import type { Verdict } from '../checks/verdict.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Lesson } from '../course/lesson.ts';
import { settle } from '../course/settle.ts';
import type { Session } from './session.ts';

/** Seconds that a cluster may take to be what a lesson stands on. */
const within = 60;

interface EntryOptions {
  /** As in settle. */
  readonly patient: boolean;
  /** As in settle. */
  readonly also?: readonly CheckSpec[];
  readonly signal?: AbortSignal;
}

/** Judges everything that a lesson stands on: no verdicts, and no state seen, when it stands on nothing. `patient` as in settle. */
export async function judgeEntry(
  session: Session,
  lesson: Lesson,
  { patient, also = [], signal }: EntryOptions,
): Promise<{ readonly verdicts: readonly Verdict[]; readonly state: ClusterState | null }> {
  if (lesson.entry.length === 0) return { verdicts: [], state: null };
  const { verdicts, state } = await settle({
    observe: session.observe,
    checks: lesson.entry,
    also,
    machines: session.lab.machines,
    within,
    patient,
    untilRest: session.untilRest,
    ...(patient ? { expected: 'pass' } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  return { verdicts, state };
}

/** What a lesson stands on and does not hold just now; [] when all of it holds. */
export async function enterLesson(
  session: Session,
  lesson: Lesson,
  signal?: AbortSignal,
): Promise<readonly Verdict[]> {
  const options = signal === undefined ? { patient: false } : { patient: false, signal };
  const { verdicts } = await judgeEntry(session, lesson, options);
  return verdicts.filter(({ passed }) => !passed);
}
