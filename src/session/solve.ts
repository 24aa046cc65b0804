import type { Flavour, SolutionStep, Task } from '../course/lesson.ts';
import { HalabError } from '../errors.ts';
import type { Session } from './session.ts';

/** How long one script of a solution may take, in milliseconds. */
const limit = 300_000;

/** Told of each step as it begins. */
type OnStep = (step: SolutionStep) => void;

/**
 * Runs a task's solution on the machines, one script after another, as root.
 * @throws HalabError when a script fails.
 */
export async function runSolution(
  session: Session,
  task: Task,
  flavour: Flavour,
  onStep: OnStep = () => {},
): Promise<void> {
  const what = `The ${flavour} solution of "${task.title}"`;
  await runSteps(session, task.solution[flavour], what, onStep);
}

/**
 * Runs scripts of a lesson in their order, each on all the machines that it names at once; `what` is
 * how an error calls them.
 * @throws HalabError when a script fails, once it has ended on the other machines too.
 */
export async function runSteps(
  session: Session,
  steps: readonly SolutionStep[],
  what: string,
  onStep: OnStep = () => {},
): Promise<void> {
  for (const step of steps) {
    onStep(step);
    const ended = await Promise.allSettled(
      step.on.map((machine) => runStep(session, step, machine, what)),
    );
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }
}

async function runStep(
  { shell }: Session,
  { run }: SolutionStep,
  machine: string,
  what: string,
): Promise<void> {
  const result = await shell.runAsRoot(machine, `set -e\n${run}`, { timeout: limit });
  if (result.reached && result.exitCode === 0) return;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n');
  throw new HalabError(`${what} failed on ${machine}.`, {
    reason: result.reached ? `Exit code ${result.exitCode}: ${said}` : said,
    next: 'halab status',
  });
}
