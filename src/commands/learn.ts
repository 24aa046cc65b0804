import { currentTask, lessonChosen, lessonEntered, openDrills } from '../course/progress.ts';
import { ExitCode } from '../errors.ts';
import { labExists, readLab } from '../lab/lab.ts';
import { enterLesson } from '../session/enter.ts';
import { offlineSession, openSession } from '../session/open.ts';
import { keepStart } from '../session/reset.ts';
import { isHalfDone, whatStands } from '../session/standing.ts';
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
  const { record } = readLab(name);
  if (isHalfDone(record)) {
    for (const sentence of whatStands(record, new Date())) say(renderText(sentence));
    session.update((now) => lessonChosen(now, lesson.id));
    say(renderText('The lesson begins once that is over: halab learn'));
    return ExitCode.fine;
  }
  const missing = await withProgress(false, async (emit) => {
    const opened = await openSession(name, emit);
    const found = await enterLesson(opened, lesson);
    if (found.length === 0) await keepStart(opened, lesson, emit);
    return found;
  });
  // One whose start could not be run is begun when it can be.
  const progress = session.update((now) =>
    missing.length === 0 ? lessonEntered(now, lesson.id, new Date()) : lessonChosen(now, lesson.id),
  );
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
