import type { Verdict } from '../checks/verdict.ts';
import type { Lesson } from '../course/lesson.ts';
import { settle } from '../course/settle.ts';
import type { Session } from './session.ts';

/** What a lesson stands on and does not hold just now; [] when all of it holds. */
export async function enterLesson(
  session: Session,
  lesson: Lesson,
  signal?: AbortSignal,
): Promise<readonly Verdict[]> {
  if (lesson.entry.length === 0) return [];
  const { verdicts } = await settle({
    observe: session.observe,
    checks: lesson.entry,
    machines: session.lab.machines,
    within: 60,
    patient: false,
    ...(signal === undefined ? {} : { signal }),
  });
  return verdicts.filter(({ passed }) => !passed);
}
