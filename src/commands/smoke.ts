import type { Flavour } from '../course/lesson.ts';
import { ExitCode } from '../errors.ts';
import { bringUp } from '../lab/bring-up.ts';
import { labExists } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { destroy } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { openSession } from '../session/session.ts';
import { renderOutages } from '../smoke/outages.ts';
import { lessonsToPlay, playLessons } from '../smoke/play.ts';
import { type ReporterName, reporters } from '../smoke/reporters.ts';
import { type GlobalOptions, interruption } from './context.ts';
import { findAccelerator, makeReady } from './make-ready.ts';
import { labToBringUp } from './up.ts';
import { withProgress } from './with-progress.ts';

interface SmokeOptions {
  readonly flavour: Flavour;
  readonly reporter: ReporterName;
  readonly machines: '2' | '3';
  readonly keep: boolean;
}

/**
 * Plays lessons on a lab of its own ("smoke"), made anew and removed afterwards. Results go to
 * standard output, what happens meanwhile to standard error. Exit code 1 when something failed.
 */
export async function smoke(
  global: GlobalOptions,
  lessons: readonly string[],
  options: SmokeOptions,
): Promise<ExitCode> {
  const signal = interruption();
  const name = global.lab === 'default' ? 'smoke' : global.lab;
  const reporter = reporters[options.reporter]();
  return withLock(name, 'the smoke', () =>
    withProgress(true, async (emit) => {
      if (labExists(name)) await destroy(name, { run: runLocally, emit });
      const lab = labToBringUp(name, { machines: options.machines });
      try {
        await makeReady(lab, { yes: global.yes, emit, signal });
        await bringUp(lab, { run: runLocally, emit, signal, findAccelerator });
        const session = await openSession(name, emit);
        const results = await playLessons(session, lessonsToPlay(session.course, lessons), {
          flavour: options.flavour,
          emit,
          signal,
          onResult: (result) => process.stdout.write(reporter.result(result)),
        });
        process.stdout.write(reporter.end(results));
        process.stderr.write(renderOutages(results));
        return results.every(({ passed }) => passed) ? ExitCode.fine : ExitCode.failed;
      } finally {
        if (!options.keep) await destroy(name, { run: runLocally, emit });
      }
    }),
  );
}
