import type { Verdict } from '../checks/verdict.ts';
import type { Lesson } from '../course/lesson.ts';
import { settle } from '../course/settle.ts';
import type { Session } from './session.ts';

/** Seconds that a cluster may take to be what a lesson stands on. */
const within = 60;

/** Judges everything that a lesson stands on; [] when it stands on nothing. `patient` as in settle. */
export async function judgeEntry(
  session: Session,
  lesson: Lesson,
  { patient, signal }: { patient: boolean; signal?: AbortSignal },
): Promise<readonly Verdict[]> {
  if (lesson.entry.length === 0) return [];
  const { verdicts } = await settle({
    observe: session.observe,
    checks: lesson.entry,
    machines: session.lab.machines,
    within,
    patient,
    untilRest: session.untilRest,
    ...(patient ? { expected: 'pass' } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  return verdicts;
}

/** What a lesson stands on and does not hold just now; [] when all of it holds. */
export async function enterLesson(
  session: Session,
  lesson: Lesson,
  signal?: AbortSignal,
): Promise<readonly Verdict[]> {
  const options = signal === undefined ? { patient: false } : { patient: false, signal };
  const verdicts = await judgeEntry(session, lesson, options);
  return verdicts.filter(({ passed }) => !passed);
}
