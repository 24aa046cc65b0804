import { join } from 'node:path';
import type { Flavour, Lesson } from '../course/lesson.ts';
import { ExitCode } from '../errors.ts';
import type { Emit } from '../events.ts';
import { wantedBox } from '../lab/box.ts';
import { bringUp } from '../lab/bring-up.ts';
import { imaginaryLab, labExists, readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { destroy } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { halabHome } from '../paths.ts';
import { collectReport } from '../report/collect.ts';
import { openSession } from '../session/open.ts';
import { dropStaleStarts } from '../session/reset.ts';
import { courseOf, type Session } from '../session/session.ts';
import { renderOutages } from '../smoke/outages.ts';
import { lessonsToPlay, type Shard, sharedByLabs } from '../smoke/parts.ts';
import { playLessons } from '../smoke/play.ts';
import { type ReporterName, reporters } from '../smoke/reporters.ts';
import type { SmokeResult } from '../smoke/results.ts';
import { writeTimes } from '../smoke/times.ts';
import { renderError } from '../terminal/report.ts';
import type { GlobalOptions } from './context.ts';
import { interruption } from './interruption.ts';
import { findAccelerator, makeReady } from './make-ready.ts';
import { labToBringUp } from './up.ts';
import { withProgress } from './with-progress.ts';

interface SmokeOptions {
  readonly flavour: Flavour;
  readonly reporter: ReporterName;
  readonly machines: '2' | '3';
  readonly keep: boolean;
  /** How many labs share the lessons, side by side. */
  readonly labs: number;
  readonly shard?: Shard;
  /** A file for the document on failover times. */
  readonly times?: string;
}

/**
 * Plays lessons on a lab of its own ("smoke"), made anew and removed afterwards; with `keep` the lab
 * stays, and the next smoke with `keep` goes on with its checkpoints. Several labs ("smoke-1" and so
 * on) share the lessons among them and play at the same time. Results go to standard output, what
 * happens meanwhile to standard error. Exit code 1 when something failed.
 */
export async function smoke(
  global: GlobalOptions,
  named: readonly string[],
  options: SmokeOptions,
): Promise<ExitCode> {
  const signal = interruption();
  const name = global.lab === 'default' ? 'smoke' : global.lab;
  const course = courseOf(imaginaryLab(name, { machineCount: options.machines === '2' ? 2 : 3 }));
  const parts = sharedByLabs(course, lessonsToPlay(course, named, options.shard), options.labs);
  const reporter = reporters[options.reporter]();
  const inTurn = oneAtATime();
  const played = await withProgress(true, (emit) =>
    Promise.allSettled(
      parts.map((lessons, at) => {
        const lab = parts.length === 1 ? name : `${name}-${at + 1}`;
        return playOn(lab, lessons, {
          ...options,
          yes: global.yes,
          signal,
          inTurn,
          emit: parts.length === 1 ? emit : emitAs(lab, emit),
          onResult: (result) => process.stdout.write(reporter.result(result)),
        });
      }),
    ),
  );
  const results = played.flatMap((part) => (part.status === 'fulfilled' ? part.value : []));
  // A lab that could not go on is told only now, when the others are done: they lose nothing by it.
  const [stopped, ...others] = played.filter((part) => part.status === 'rejected');
  for (const { reason } of others) process.stderr.write(`${renderError(reason)}\n`);
  if (stopped !== undefined) throw stopped.reason;
  process.stdout.write(reporter.end(results));
  process.stderr.write(renderOutages(results));
  return results.every(({ passed }) => passed) ? ExitCode.fine : ExitCode.failed;
}

interface PartOptions extends SmokeOptions {
  readonly yes: boolean;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly onResult: (result: SmokeResult) => void;
  /** Does work when all that was handed in before is done. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Plays lessons on one lab. */
function playOn(
  name: string,
  lessons: readonly Lesson[],
  options: PartOptions,
): Promise<SmokeResult[]> {
  const { emit, signal, inTurn } = options;
  // Labs come up one after another: what is missing is installed once, and no port is found free twice.
  const build = (): Promise<Session> =>
    inTurn(async () => {
      if (labExists(name)) await destroy(name, { run: runLocally, emit });
      const lab = labToBringUp(name, { machines: options.machines });
      await makeReady(lab, { yes: options.yes, emit, signal });
      await bringUp(lab, { run: runLocally, emit, signal, findAccelerator });
      return openSession(name, emit, { isLocked: true });
    });
  return withLock(name, 'the smoke', async () => {
    try {
      const kept = options.keep ? await keptSession(name, options, emit) : null;
      const session = kept ?? (await build());
      const ids = lessons.map(({ id }) => id);
      return await playLessons(session, lessonsToPlay(session.course, ids), {
        flavour: options.flavour,
        emit,
        signal,
        keepStarts: options.keep,
        // Nothing was played yet on machines that were just made.
        rebuild: () => (kept === null ? Promise.resolve(session) : build()),
        onResult: async (result) => {
          options.onResult(result);
          // Row by row: a smoke that is cut short has measured what it has measured.
          if (options.times !== undefined && result.outageSeconds !== undefined)
            await writeTimes(options.times, session, [result], options.flavour);
        },
        onFailure: (failed) => keepEvidence(failed, emit),
      });
    } finally {
      if (!options.keep && labExists(name)) await destroy(name, { run: runLocally, emit });
    }
  });
}

/** Hands out turns: each piece of work begins when the one before it has ended, well or not. */
function oneAtATime(): PartOptions['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** Says of everything in which lab it happens. */
const emitAs =
  (lab: string, emit: Emit): Emit =>
  (event) => {
    if (event.type === 'note') return emit({ ...event, text: `${lab}: ${event.text}` });
    const step = `${lab}/${event.step}`;
    if (event.type === 'step-started')
      return emit({ ...event, step, title: `${lab}: ${event.title}` });
    return emit({ ...event, step });
  };

/** Collects a report before the machines of a failed smoke are gone. */
async function keepEvidence({ lab, shell, observe, provider }: Session, emit: Emit): Promise<void> {
  const archive = join(halabHome(), `${lab.record.name}-failed.tar.gz`);
  const facts = { power: await provider.states(), state: await observe() };
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
  const session = await openSession(name, emit, { isLocked: true });
  await dropStaleStarts(session);
  return session;
}
