import type { Verdict } from '../checks/verdict.ts';
import type { Task } from '../course/lesson.ts';
import { hintShown, hintsShown } from '../course/progress.ts';
import { ExitCode } from '../errors.ts';
import { firstMissing } from '../session/check.ts';
import { offlineSession, openSession } from '../session/open.ts';
import { Interrupted } from '../terminal/prompt.ts';
import { renderHint } from '../terminal/report.ts';
import { type GlobalOptions, labName, say } from './context.ts';
import { interruption } from './interruption.ts';
import { machinesUp } from './machines-up.ts';
import { pickLesson, pickTask } from './pick.ts';
import { withProgress } from './with-progress.ts';

/**
 * Shows what the task lacks first, when the machines are up, and its next hint; after the last hint,
 * that one again.
 */
export async function hint(global: GlobalOptions, taskId: string | undefined): Promise<ExitCode> {
  const name = labName(global);
  const session = offlineSession(name);
  const progress = session.progress();
  const lesson = pickLesson(session.course, progress, undefined);
  const task = pickTask(lesson, progress, taskId);
  const missing = (await machinesUp(name)) ? await look(name, task) : undefined;
  const shown = hintsShown(progress, lesson.id, task.id);
  if (shown < task.hints.length) session.update((now) => hintShown(now, lesson.id, task.id));
  say(renderHint(task, Math.min(shown, task.hints.length - 1), missing));
  return ExitCode.fine;
}

function look(name: string, task: Task): Promise<Verdict | null> {
  const signal = interruption();
  return withProgress(false, async (emit) => {
    emit({ type: 'step-started', step: 'look', title: 'Looking at the machines' });
    const started = performance.now();
    const missing = await firstMissing(await openSession(name, emit), task, signal);
    if (signal.aborted) throw new Interrupted();
    emit({ type: 'step-done', step: 'look', seconds: (performance.now() - started) / 1000 });
    return missing;
  });
}
