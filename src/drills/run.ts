import { setTimeout as sleep } from 'node:timers/promises';
import { findActiveNode, judge } from '../checks/index.ts';
import type { Verdict } from '../checks/verdict.ts';
import { settlingReason } from '../cluster/settling.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Drill, OutageSpec } from '../course/lesson.ts';
import { pauseAfter, settle } from '../course/settle.ts';
import { ExitCode, HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { assertGoesOn } from '../interruption.ts';
import type { Lab } from '../lab/lab.ts';
import { waitUntilBack } from '../session/put-back.ts';
import type { Session } from '../session/session.ts';
import { breakIt, inWords, mend, victimOf } from './break.ts';
import { type Breakdown, breakdown, readClusterLogs } from './breakdown.ts';
import { type Outage, type Probe, startProbe, whatIsAsked } from './outage.ts';
import { runningUnits } from './units.ts';

export interface DrillReport {
  readonly drill: string;
  readonly title: string;
  readonly passed: boolean;
  /** What was broken, in a sentence. */
  readonly fault: string;
  /** What the client saw; null for a drill that measures none. */
  readonly outage:
    | (Outage & {
        readonly client: string;
        /** null: none was allowed to be short; there had to be no answer as long as the fault stood. */
        readonly limitSeconds: number | null;
        readonly verdict: Verdict;
        /** What its time went to; null when the nodes' logs do not tell. */
        readonly parts: Breakdown | null;
      })
    | null;
  /** What held while the fault stood, and after the machines were put back. */
  readonly verdicts: readonly Verdict[];
}

interface DrillOptions {
  readonly emit: Emit;
  readonly signal?: AbortSignal;
}

/** The name of the step that all of a drill's progress belongs to. */
const step = 'drill';

/**
 * Runs a drill: breaks what it names, measures the outage on a client's clock, judges the cluster,
 * and puts the machines back whatever happened. A halab that is killed meanwhile leaves the fault in
 * the lab's record, and the next one puts it back.
 * @throws HalabError when the drill cannot start, when the machines cannot be put back, or when it is interrupted.
 */
export async function runDrill(
  session: Session,
  drill: Drill,
  options: DrillOptions,
): Promise<DrillReport> {
  const { emit, signal } = options;
  const { lab } = session;
  const { state: before, active } = await quietState(session, drill);
  const victim = victimOf(drill.fault, active);
  const words = inWords(drill.fault, { victim, active });
  const client = clientOf(lab, drill, victim);

  let probe: Probe | null = null;
  let outage: Outage | null = null;
  let during: readonly Verdict[] = [];
  let parts: Breakdown | null = null;
  const started = performance.now();
  try {
    if (drill.outage !== undefined && client !== null) {
      emit({ type: 'note', text: `${client} keeps asking: ${whatIsAsked(drill.outage)}` });
      probe = await startProbe(session.shell, client, drill.outage);
    }
    emit({ type: 'step-started', step, title: words.doing });
    await breakIt(session, drill, { victim, active, before, emit });
    // From here the limits count: what it took to break it is not the cluster's time.
    const hit = performance.now();
    if (probe !== null && drill.outage !== undefined)
      await untilHit(probe, drill.outage, hit, options);
    during = await judgeDuring(session, drill, options);
    if (probe !== null && drill.outage !== undefined) {
      const limit = drill.outage.below;
      outage = limit === null ? await probe.stop() : await untilRecovered(probe, limit, hit);
      probe = null;
      parts = await partsOf(session, outage, (performance.now() - started) / 1000);
    }
    emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
  } finally {
    // A probe that cannot be stopped now (its machine is gone) ends by itself.
    if (probe !== null)
      await probe.stop().catch(() =>
        emit({
          type: 'note',
          text: 'The measurement on the client ends by itself in 15 minutes.',
        }),
      );
    await mend(session, emit);
  }
  assertGoesOn(signal, interrupted);
  await startWhatRan(session, before);
  const after = await settle({
    observe: session.observe,
    checks: drill.after,
    machines: lab.machines,
    within: 180,
    patient: true,
    expected: 'pass',
    untilRest: session.untilRest,
    onWait: (reason) =>
      emit({ type: 'note', text: `Waiting until the cluster is whole: ${reason}` }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!after.passed) assertGoesOn(signal, interrupted);
  const verdicts = [...during, ...after.verdicts];
  const judged =
    outage === null || drill.outage === undefined || client === null
      ? null
      : {
          ...outage,
          client,
          limitSeconds: drill.outage.below,
          verdict: judgeOutage(outage, drill.outage, client),
          parts,
        };
  return {
    drill: drill.id,
    title: drill.title,
    passed: verdicts.every((verdict) => verdict.passed) && (judged?.verdict.passed ?? true),
    fault: words.done,
    outage: judged,
    verdicts,
  };
}

const interrupted = (): HalabError =>
  new HalabError('The drill was interrupted. The machines are put back.', {
    next: 'halab drill',
    exitCode: ExitCode.interrupted,
  });

/** What an outage that has just been read went to. */
async function partsOf(
  { shell, lab }: Session,
  { seconds, endedAgo, recovered }: Outage,
  sinceStart: number,
): Promise<Breakdown | null> {
  if (!recovered || seconds === 0) return null;
  const until = Date.now() / 1000 - endedAgo;
  const names = lab.machines.filter(({ role }) => role === 'node').map(({ name }) => name);
  const lines = await readClusterLogs(shell, names, sinceStart + 30);
  return breakdown({ from: until - seconds, until }, lines);
}

/** What holds while the fault stands, and for how long it must. */
async function judgeDuring(
  session: Session,
  drill: Drill,
  { emit, signal }: DrillOptions,
): Promise<readonly Verdict[]> {
  const { machines } = session.lab;
  const settled = await settle({
    observe: session.observe,
    checks: drill.then,
    machines,
    within: drill.within,
    patient: true,
    expected: 'pass',
    untilRest: session.untilRest,
    onWait: (reason) => emit({ type: 'step-progress', step, text: reason }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (drill.hold === null || !settled.passed) return settled.verdicts;
  emit({ type: 'step-progress', step, text: `watching for ${drill.hold} s that it stays so` });
  const since = performance.now();
  for (;;) {
    const began = performance.now();
    const state = await session.observe({ checks: drill.then });
    const took = performance.now() - began;
    const seconds = (performance.now() - since) / 1000;
    const verdicts = drill.then.map((check) => judge(check, state, machines));
    const broken = verdicts.some(({ passed }) => !passed);
    // An answer that is late on a busy machine shows nothing; it is asked again.
    if (broken && !(isLate(state) && seconds < drill.hold + latest)) {
      return verdicts.map((verdict) =>
        verdict.passed
          ? verdict
          : {
              ...verdict,
              evidence: `${verdict.evidence} It had held for ${Math.round(seconds)} s.`,
            },
      );
    }
    if ((seconds >= drill.hold && !broken) || signal?.aborted === true) return verdicts;
    await sleep(pauseAfter(took, { patient: true }));
  }
}

/** Seconds for which an answer that came too late is asked for again. */
const latest = 60;

/** Whether a command on some machine did not end in time. */
const isLate = ({ machines }: ClusterState): boolean =>
  Object.values(machines).some(
    (machine) =>
      machine.reachable && Object.values(machine.answers).some(({ exitCode }) => exitCode === null),
  );

/** Starts the cluster's units again on nodes that the drill had rebooted by the way, by fencing above all. */
async function startWhatRan(session: Session, before: ClusterState): Promise<void> {
  await Promise.all(
    session.lab.machines.map(({ name }) => {
      const units = runningUnits(before, name);
      return units.length === 0
        ? undefined
        : waitUntilBack(session.shell, name, { units }, () => {});
    }),
  );
}

/** Looks that a cluster is given to come to rest, and one at rest to show the active node: a busy node may not tell at once. */
const looks = { atRest: 30, active: 5 } as const;

/**
 * The cluster's state once it is quiet, and the active node when the drill needs one.
 * @throws HalabError when a machine is missing, the cluster does not come to rest (exit 3), or no node is the active one (exit 1).
 */
async function quietState(
  session: Session,
  drill: Drill,
): Promise<{ readonly state: ClusterState; readonly active: string | null }> {
  let reason = '';
  let withoutActive = 0;
  for (let tries = 0; tries < looks.atRest; tries++) {
    const state = await session.observe();
    const gone = Object.values(state.machines).find((machine) => !machine.reachable);
    const unsettled = settlingReason(state);
    if (gone === undefined && unsettled === null) {
      if (drill.active === undefined) return { state, active: null };
      const found = findActiveNode(drill.active, state, session.lab.machines);
      if (found.node !== null) return { state, active: found.node };
      withoutActive += 1;
      if (withoutActive >= looks.active)
        throw new HalabError(`The drill "${drill.title}" cannot start.`, {
          reason: found.why,
          next: 'halab check',
          exitCode: ExitCode.failed,
        });
    }
    reason = gone === undefined ? (unsettled ?? '') : `${gone.name} cannot be reached.`;
    await sleep(1000);
  }
  throw new HalabError(`The drill "${drill.title}" cannot start.`, {
    reason: `It needs a cluster at rest with all machines up. ${reason}`,
    next: 'halab up, then halab check',
  });
}

/** The machine that plays the client: the one that the drill names, or else the node that keeps its power. */
function clientOf(lab: Lab, drill: Drill, victim: string): string | null {
  if (drill.outage === undefined) return null;
  const named = lab.machines.find(({ name }) => name === drill.outage?.from && name !== victim);
  return (named ?? lab.machines.find(({ name }) => name !== victim))?.name ?? null;
}

/**
 * Waits until the client has felt the fault and has an answer again, for a fault that must be felt: what
 * has not hit yet leaves everything as it should be afterwards. At most as long as the outage may last.
 */
async function untilHit(
  probe: Probe,
  { below, above }: OutageSpec,
  started: number,
  { emit, signal }: DrillOptions,
): Promise<void> {
  if (below === null || above === null) return;
  emit({ type: 'step-progress', step, text: 'until the client has an answer again' });
  while ((performance.now() - started) / 1000 < below && signal?.aborted !== true) {
    const { recovered, seconds } = await probe.read();
    if (recovered && seconds > above) return;
    await sleep(2000);
  }
}

/** Ends the measurement as soon as the service answers again, or when the limit and a little more are over. */
async function untilRecovered(probe: Probe, limit: number, started: number): Promise<Outage> {
  while ((performance.now() - started) / 1000 < limit + 5) {
    if ((await probe.read()).recovered) break;
    await sleep(2000);
  }
  return probe.stop();
}

/** Judges an outage against the drill's limits; also refuses one in which nothing was broken at all. */
export function judgeOutage(outage: Outage, spec: OutageSpec, client: string): Verdict {
  const { below, above } = spec;
  const what = spec.ping ?? 'what it asks for';
  const expectation =
    below === null
      ? `${client} gets no answer from ${what} as long as the fault stands`
      : `${client} gets no answer from ${what} for less than ${below} s`;
  const often = spec.ping === undefined ? 'one' : 'ten';
  const measured = `${client} had no answer for ${outage.seconds.toFixed(1)} s (${outage.lost} of ${outage.samples} samples lost, ${often} a second, on its own clock)`;
  const refuse = (why: string): Verdict => ({
    passed: false,
    expectation,
    evidence: `${measured}${why}`,
  });
  if (below === null) {
    if (outage.recovered) return refuse(', but has one now: something mended it.');
    return { passed: true, expectation, evidence: `${measured}, and has none now.` };
  }
  if (!outage.recovered) return refuse(', and has none now.');
  if (outage.seconds >= below) return refuse(': too long.');
  if (above !== null && outage.seconds <= above) {
    return refuse(': nothing was interrupted, so the fault did not hit what the drill is about.');
  }
  return { passed: true, expectation, evidence: `${measured}.` };
}
