import { join } from 'node:path';
import type { Flavour } from '../course/lesson.ts';
import { ExitCode } from '../errors.ts';
import type { Emit } from '../events.ts';
import { wantedBox } from '../lab/box.ts';
import { bringUp } from '../lab/bring-up.ts';
import { labExists, readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { destroy } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { halabHome } from '../paths.ts';
import { collectReport } from '../report/collect.ts';
import { dropStaleStarts } from '../session/reset.ts';
import { openSession, type Session } from '../session/session.ts';
import { renderOutages } from '../smoke/outages.ts';
import { lessonsToPlay, playLessons, type Shard } from '../smoke/play.ts';
import { type ReporterName, reporters } from '../smoke/reporters.ts';
import { writeTimes } from '../smoke/times.ts';
import { type GlobalOptions, interruption } from './context.ts';
import { findAccelerator, makeReady } from './make-ready.ts';
import { labToBringUp } from './up.ts';
import { withProgress } from './with-progress.ts';

interface SmokeOptions {
  readonly flavour: Flavour;
  readonly reporter: ReporterName;
  readonly machines: '2' | '3';
  readonly keep: boolean;
  readonly shard?: Shard;
  /** A file for the document on failover times. */
  readonly times?: string;
}

/**
 * Plays lessons on a lab of its own ("smoke"), made anew and removed afterwards; with `keep` the lab
 * stays, and the next smoke with `keep` goes on with its checkpoints. Results go to standard output,
 * what happens meanwhile to standard error. Exit code 1 when something failed.
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
      const build = async (): Promise<Session> => {
        if (labExists(name)) await destroy(name, { run: runLocally, emit });
        const lab = labToBringUp(name, { machines: options.machines });
        await makeReady(lab, { yes: global.yes, emit, signal });
        await bringUp(lab, { run: runLocally, emit, signal, findAccelerator });
        return openSession(name, emit);
      };
      try {
        const kept = options.keep ? await keptSession(name, options, emit) : null;
        const session = kept ?? (await build());
        // Machines that were just made are as new, until something was played on them.
        let isNew = kept === null;
        const results = await playLessons(
          session,
          lessonsToPlay(session.course, lessons, options.shard),
          {
            flavour: options.flavour,
            emit,
            signal,
            keepStarts: options.keep,
            rebuild: () => {
              if (!isNew) return build();
              isNew = false;
              return Promise.resolve(session);
            },
            onResult: (result) => {
              process.stdout.write(reporter.result(result));
              // Row by row: a smoke that is cut short has measured what it has measured.
              if (options.times !== undefined && result.outageSeconds !== undefined)
                writeTimes(options.times, session, [result], options.flavour);
            },
            onFailure: (failed) => keepEvidence(failed, emit),
          },
        );
        process.stdout.write(reporter.end(results));
        process.stderr.write(renderOutages(results));
        return results.every(({ passed }) => passed) ? ExitCode.fine : ExitCode.failed;
      } finally {
        if (!options.keep && labExists(name)) await destroy(name, { run: runLocally, emit });
      }
    }),
  );
}

/** Collects a report before the machines of a failed smoke are gone. */
async function keepEvidence({ lab, shell, observe }: Session, emit: Emit): Promise<void> {
  const archive = join(halabHome(), 'smoke-failed.tar.gz');
  const facts = { state: await observe() };
  await collectReport(lab, archive, { shell, run: runLocally, facts });
  emit({ type: 'note', text: `What the machines said of themselves is in ${archive}.` });
}

/** The lab that an earlier smoke kept, if it is whole and of the same kind; its machines may be off. */
async function keptSession(
  name: string,
  { machines }: SmokeOptions,
  emit: Emit,
): Promise<Session | null> {
  if (!labExists(name)) return null;
  const { record } = readLab(name);
  const box = await wantedBox(runLocally);
  const usable =
    record.complete &&
    record.fault === null &&
    record.checkpointing === null &&
    record.box === box.name &&
    String(record.machineCount) === machines;
  if (!usable) return null;
  const session = await openSession(name, emit);
  await dropStaleStarts(session);
  return session;
}
