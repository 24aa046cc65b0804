import { currentTask, lessonEntered, openDrills } from '../course/progress.ts';
import { ExitCode } from '../errors.ts';
import { labExists } from '../lab/lab.ts';
import { enterLesson } from '../session/enter.ts';
import { keepStart } from '../session/reset.ts';
import { offlineSession, openSession } from '../session/session.ts';
import {
  renderDrillOffer,
  renderLesson,
  renderLessonEnd,
  renderTask,
  renderText,
  renderVerdicts,
} from '../terminal/report.ts';
import { type GlobalOptions, labName, say } from './context.ts';
import { pickLesson } from './pick.ts';
import { withProgress } from './with-progress.ts';

/** Shows a lesson and the task that is next in it, and makes it the current one. */
export async function learn(global: GlobalOptions, named: string | undefined): Promise<ExitCode> {
  const name = labName(global);
  const session = offlineSession(name);
  const { course } = session;
  const lesson = pickLesson(course, session.progress(), named);
  say(renderLesson(course, lesson));
  say('');
  if (!labExists(name)) {
    say(renderText('There are no machines yet to try it on. Bring them up: halab up'));
    return ExitCode.fine;
  }
  const missing = await withProgress(false, async (emit) => {
    const opened = await openSession(name, emit);
    const found = await enterLesson(opened, lesson);
    if (found.length === 0) await keepStart(opened, lesson, emit);
    return found;
  });
  const progress = session.update((now) => lessonEntered(now, lesson.id, new Date()));
  if (missing.length > 0) {
    say(renderText('This lesson stands on something that does not hold just now:'));
    say(renderVerdicts(missing));
    say(renderText(`Back to where the lesson starts: halab reset ${lesson.id}\n`));
  }
  const task = currentTask(lesson, progress);
  const [drill] = openDrills(lesson, progress);
  if (task !== null)
    say(`${renderTask(lesson, task)}\n\nCheck it: halab check. Log in: halab shell node1`);
  else if (drill !== undefined) say(`${renderDrillOffer(lesson, drill)}\n\nRun it: halab drill`);
  else say(renderLessonEnd(lesson));
  return ExitCode.fine;
}
