import { lessonStatus } from '../course/progress.ts';
import { ExitCode } from '../errors.ts';
import { offlineSession } from '../session/open.ts';
import { renderLessons } from '../terminal/report.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';

/** Lists the lessons and where each stands. */
export async function lessons(
  global: GlobalOptions,
  options: { json: boolean },
): Promise<ExitCode> {
  const session = offlineSession(labName(global));
  const progress = session.progress();
  const { course } = session;
  if (options.json) {
    sayJson(
      course.lessons.map(({ id, title, minutes, tasks, drills }) => ({
        id,
        title,
        minutes,
        status: lessonStatus(course, progress, id),
        tasks: tasks.map((task) => task.id),
        drills: drills.map((drill) => drill.id),
      })),
    );
  } else {
    say(renderLessons(course, progress));
  }
  return ExitCode.fine;
}
