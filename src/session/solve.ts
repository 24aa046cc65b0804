import type { Flavour, SolutionStep, Task } from '../course/lesson.ts';
import { HalabError } from '../errors.ts';
import type { Session } from './session.ts';

/** How long one script of a solution may take, in milliseconds. */
const limit = 300_000;

/**
 * Runs a task's solution on the machines, one script after another, as root.
 * @throws HalabError when a script fails.
 */
export async function runSolution(
  session: Session,
  task: Task,
  flavour: Flavour,
  onStep: (step: SolutionStep, machine: string) => void,
): Promise<void> {
  await runSteps(
    session,
    task.solution[flavour],
    `The ${flavour} solution of "${task.title}"`,
    onStep,
  );
}

/** Runs scripts of a lesson on the machines that they name; `what` is how an error calls them. */
export async function runSteps(
  session: Session,
  steps: readonly SolutionStep[],
  what: string,
  onStep: (step: SolutionStep, machine: string) => void,
): Promise<void> {
  for (const step of steps) {
    for (const machine of step.on) {
      onStep(step, machine);
      const result = await session.shell.runAsRoot(machine, `set -e\n${step.run}`, {
        timeout: limit,
      });
      if (!result.reached || result.exitCode !== 0) {
        const said = (result.stderr.trim() || result.stdout.trim())
          .split('\n')
          .slice(-8)
          .join('\n');
        throw new HalabError(`${what} failed on ${machine}.`, {
          reason: result.reached ? `Exit code ${result.exitCode}: ${said}` : said,
          next: 'halab status',
        });
      }
    }
  }
}
