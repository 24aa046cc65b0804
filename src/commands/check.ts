import { ExitCode } from '../errors.ts';
import { checkTask } from '../session/check.ts';
import { openSession } from '../session/open.ts';
import { Interrupted } from '../terminal/prompt.ts';
import { renderNoticed, renderVerdicts } from '../terminal/report.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';
import { interruption } from './interruption.ts';
import { assertBegun, pickLesson, pickTask } from './pick.ts';
import { withProgress } from './with-progress.ts';

/** Judges a task against the machines and records it when it passes. Exit code 1 when it does not. */
export async function check(
  global: GlobalOptions,
  taskId: string | undefined,
  options: { lesson?: string; now: boolean; json: boolean },
): Promise<ExitCode> {
  const signal = interruption();
  const { lesson, task, result } = await withProgress(options.json, async (emit) => {
    const session = await openSession(labName(global), emit);
    const progress = session.progress();
    const lesson = pickLesson(session.course, progress, options.lesson);
    assertBegun(session.course, progress, lesson);
    const task = pickTask(lesson, progress, taskId);
    const result = await checkTask(session, lesson, task, {
      now: options.now,
      signal,
      onWait: (text) => emit({ type: 'note', text }),
    });
    if (signal.aborted && !result.passed) throw new Interrupted();
    return { lesson, task, result };
  });
  if (options.json) {
    sayJson({
      lesson: lesson.id,
      task: task.id,
      passed: result.passed,
      waitedSeconds: result.waitedSeconds,
      verdicts: result.verdicts,
      noticed: result.noticed,
    });
  } else {
    say(`${lesson.title}: ${task.title}\n`);
    say(renderVerdicts(result.verdicts));
    if (result.noticed.length > 0) say(`\n${renderNoticed(result.noticed)}`);
    say(result.passed ? '\nDone. What is next: halab learn' : '\nNot yet. A nudge: halab hint');
  }
  return result.passed ? ExitCode.fine : ExitCode.failed;
}
