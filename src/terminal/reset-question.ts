import type { Lesson } from '../course/lesson.ts';
import { agree } from './prompt.ts';
import { renderText } from './report.ts';

/** What a reset would do. */
export interface ResetPlan {
  /** What happens to the machines and how long it takes, in a sentence or two. */
  readonly sentence: string;
  /** Lessons that build on the one that is reset, and of which something is done. */
  readonly later: readonly Lesson[];
}

/**
 * Asks whether the machines may go back to a lesson's start, and what is to become of what was done
 * in lessons that build on it.
 * @returns null when the learner does not want it.
 */
export async function askToReset(plan: ResetPlan): Promise<{ forget: boolean } | null> {
  process.stdout.write(`\n${renderText(plan.sentence)}\n`);
  if (!(await agree('What was done on the machines since is lost. Go back?'))) return null;
  if (plan.later.length === 0) return { forget: false };
  const titles = plan.later.map(({ title }) => `"${title}"`).join(' and ');
  const forget = await agree(
    `Also mark ${titles} as not done? The machines will not hold that work any more.`,
    false,
  );
  return { forget };
}
