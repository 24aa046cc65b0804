import { drillPassed } from '../course/progress.ts';
import { runDrill } from '../drills/run.ts';
import { ExitCode } from '../errors.ts';
import { withLock } from '../lab/lock.ts';
import { openSession } from '../session/open.ts';
import { renderDrill } from '../terminal/report.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';
import { interruption } from './interruption.ts';
import { assertBegun, pickDrill, pickLesson } from './pick.ts';
import { withProgress } from './with-progress.ts';

/** Runs a drill and records it when it passes. Exit code 1 when it does not. */
export async function drill(
  global: GlobalOptions,
  drillId: string | undefined,
  options: { lesson?: string; json: boolean },
): Promise<ExitCode> {
  const signal = interruption();
  const name = labName(global);
  const report = await withProgress(options.json, async (emit) => {
    const session = await openSession(name, emit);
    const progress = session.progress();
    const lesson = pickLesson(session.course, progress, options.lesson);
    assertBegun(session.course, progress, lesson);
    const drill = pickDrill(lesson, progress, drillId);
    const report = await withLock(name, `the drill "${drill.title}"`, () =>
      runDrill(session, drill, { emit, signal }),
    );
    if (report.passed) {
      session.update((now) =>
        drillPassed(now, lesson.id, drill.id, report.outage?.seconds ?? null, new Date()),
      );
    }
    return report;
  });
  if (options.json) sayJson(report);
  else say(renderDrill(report));
  return report.passed ? ExitCode.fine : ExitCode.failed;
}
