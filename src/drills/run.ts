import { setTimeout as sleep } from 'node:timers/promises';
import { findActiveNode } from '../checks/index.ts';
import type { Verdict } from '../checks/verdict.ts';
import { settlingReason } from '../cluster/settling.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Drill } from '../course/lesson.ts';
import { settle } from '../course/settle.ts';
import { ExitCode, HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type Lab, writeLab } from '../lab/lab.ts';
import { putBack } from '../session/put-back.ts';
import type { Session } from '../session/session.ts';
import { stopResource } from './faults.ts';
import { type Outage, type Probe, startProbe } from './outage.ts';
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
        readonly limitSeconds: number;
        readonly verdict: Verdict;
      })
    | null;
  /** What held while the fault stood, and after the machines were put back. */
  readonly verdicts: readonly Verdict[];
}

/**
 * Runs a drill: breaks what it names, measures the outage on a client's clock, judges the cluster,
 * and puts the machines back whatever happened. A halab that is killed meanwhile leaves the fault in
 * the lab's record, and the next one puts it back.
 * @throws HalabError when the drill cannot start, when the machines cannot be put back, or when it is interrupted.
 */
export async function runDrill(
  session: Session,
  drill: Drill,
  options: { emit: Emit; signal?: AbortSignal },
): Promise<DrillReport> {
  const { emit, signal } = options;
  const { lab } = session;
  const before = await quietState(session, drill);
  const active =
    drill.active === undefined ? null : findActiveNode(drill.active, before, lab.machines);
  if (drill.active !== undefined && active === null) {
    throw new HalabError(`The drill "${drill.title}" cannot start.`, {
      reason: `No node runs ${drill.active.agent} (${JSON.stringify(drill.active.with)}).`,
      next: 'halab check',
      exitCode: ExitCode.failed,
    });
  }
  const victim =
    drill.fault.kind === 'power-off'
      ? drill.fault.machine.replace('{{active}}', active ?? '')
      : (active ?? '');
  const client = clientOf(lab, drill, victim);

  let standing: Lab = lab;
  let probe: Probe | null = null;
  let outage: Outage | null = null;
  let during: readonly Verdict[] = [];
  const step = 'drill';
  const started = performance.now();
  try {
    if (drill.outage !== undefined && client !== null) {
      emit({
        type: 'note',
        text: `${client} asks ${drill.outage.ping} for an answer ten times a second.`,
      });
      probe = await startProbe(session.shell, client, drill.outage.ping);
    }
    if (drill.fault.kind === 'power-off') {
      const units = runningUnits(before, victim);
      // Written before the power is cut: whoever comes next can put it back.
      standing = writeLab({
        ...lab.record,
        fault: { drill: drill.id, machine: victim, since: new Date().toISOString(), units },
      });
      emit({ type: 'step-started', step, title: `Cutting the power of ${victim}` });
      await session.provider.powerOff(victim);
    } else {
      emit({
        type: 'step-started',
        step,
        title: `Taking ${drill.fault.agent} away on ${victim}, behind the cluster's back`,
      });
      await stopResource(session.shell, victim, drill.fault.agent, drill.fault.with);
    }
    const settled = await settle({
      observe: session.observe,
      checks: drill.then,
      machines: lab.machines,
      within: drill.within,
      patient: true,
      onWait: (reason) => emit({ type: 'step-progress', step, text: reason }),
      ...(signal === undefined ? {} : { signal }),
    });
    during = settled.verdicts;
    if (probe !== null && drill.outage !== undefined) {
      outage = await readUntilRecovered(probe, drill.outage.below, started);
      probe = null;
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
    await putBack(standing, { provider: session.provider, shell: session.shell, emit });
  }
  if (signal?.aborted === true) {
    throw new HalabError('The drill was interrupted. The machines are put back.', {
      next: 'halab drill',
      exitCode: ExitCode.interrupted,
    });
  }
  const after = await settle({
    observe: session.observe,
    checks: drill.after,
    machines: lab.machines,
    within: 180,
    patient: true,
    onWait: (reason) =>
      emit({ type: 'note', text: `Waiting until the cluster is whole: ${reason}` }),
    ...(signal === undefined ? {} : { signal }),
  });
  const verdicts = [...during, ...after.verdicts];
  const judged =
    outage === null || drill.outage === undefined || client === null
      ? null
      : {
          ...outage,
          client,
          limitSeconds: drill.outage.below,
          verdict: judgeOutage(outage, drill.outage, client),
        };
  return {
    drill: drill.id,
    title: drill.title,
    passed: verdicts.every((verdict) => verdict.passed) && (judged?.verdict.passed ?? true),
    fault:
      drill.fault.kind === 'power-off'
        ? `The power of ${victim} was cut.`
        : `${drill.fault.agent} was taken away on ${victim}, behind the cluster's back.`,
    outage: judged,
    verdicts,
  };
}

/** The cluster's state once it is quiet. @throws HalabError when a machine is missing or the cluster does not come to rest. */
async function quietState(session: Session, drill: Drill): Promise<ClusterState> {
  let reason = '';
  for (let tries = 0; tries < 30; tries++) {
    const state = await session.observe();
    const gone = Object.values(state.machines).find((machine) => !machine.reachable);
    const unsettled = settlingReason(state);
    if (gone === undefined && unsettled === null) return state;
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

/** Ends the measurement as soon as the service answers again, or when the limit and a little more are over. */
async function readUntilRecovered(probe: Probe, limit: number, started: number): Promise<Outage> {
  while ((performance.now() - started) / 1000 < limit + 5) {
    if ((await probe.read()).recovered) break;
    await sleep(1000);
  }
  return probe.stop();
}

/** Judges an outage against the drill's limits; also refuses one in which nothing was broken at all. */
export function judgeOutage(
  outage: Outage,
  limits: { ping: string; below: number; above: number },
  client: string,
): Verdict {
  const expectation = `${client} gets no answer from ${limits.ping} for less than ${limits.below} s`;
  const measured = `${client} had no answer for ${outage.seconds.toFixed(1)} s (${outage.lost} of ${outage.samples} samples lost, ten a second, on its own clock)`;
  if (!outage.recovered)
    return { passed: false, expectation, evidence: `${measured}, and has none now.` };
  if (outage.seconds >= limits.below)
    return { passed: false, expectation, evidence: `${measured}: too long.` };
  if (outage.seconds <= limits.above) {
    return {
      passed: false,
      expectation,
      evidence: `${measured}: nothing was interrupted, so the fault did not hit what the drill is about.`,
    };
  }
  return { passed: true, expectation, evidence: `${measured}.` };
}
