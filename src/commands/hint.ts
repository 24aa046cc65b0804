import { hintShown, hintsShown } from '../course/progress.ts';
import { ExitCode } from '../errors.ts';
import { offlineSession } from '../session/session.ts';
import { renderHint } from '../terminal/report.ts';
import { type GlobalOptions, labName, say } from './context.ts';
import { pickLesson, pickTask } from './pick.ts';

/** Shows the task's next hint; after the last one, all of them again. */
export async function hint(global: GlobalOptions, taskId: string | undefined): Promise<ExitCode> {
  const session = offlineSession(labName(global));
  const progress = session.progress();
  const lesson = pickLesson(session.course, progress, undefined);
  const task = pickTask(lesson, progress, taskId);
  const shown = hintsShown(progress, lesson.id, task.id);
  if (shown < task.hints.length) session.update((now) => hintShown(now, lesson.id, task.id));
  say(renderHint(task, Math.min(shown, task.hints.length - 1)));
  return ExitCode.fine;
}
