import type { Flavour } from '../course/lesson.ts';
import { ExitCode } from '../errors.ts';
import { withLock } from '../lab/lock.ts';
import { offlineSession, openSession } from '../session/open.ts';
import { runSolution } from '../session/solve.ts';
import { renderSolution } from '../terminal/report.ts';
import { type GlobalOptions, labName, say } from './context.ts';
import { pickLesson, pickTask } from './pick.ts';
import { withProgress } from './with-progress.ts';

/** Shows a task's solution, or runs it on the machines. */
export async function solution(
  global: GlobalOptions,
  taskId: string | undefined,
  options: { flavour?: Flavour; run: boolean },
): Promise<ExitCode> {
  const flavour = options.flavour ?? 'pcs';
  const shown = offlineSession(labName(global));
  const progress = shown.progress();
  const task = pickTask(pickLesson(shown.course, progress, undefined), progress, taskId);
  if (!options.run) {
    say(renderSolution(task, flavour));
    return ExitCode.fine;
  }
  await withProgress(false, async (emit) => {
    const session = await openSession(labName(global), emit);
    await withLock(session.lab.record.name, `the solution of "${task.title}"`, () =>
      runSolution(session, task, flavour, ({ on }) =>
        emit({ type: 'note', text: `on ${on.join(' and ')}` }),
      ),
    );
  });
  say('Run. See what it did: halab check');
  return ExitCode.fine;
}
