import type { ClusterState } from '../cluster/state.ts';
import { runningUnits } from '../drills/units.ts';
import { HalabError, usageError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { changeLab, readLab, type StandingFault } from '../lab/lab.ts';
import { endTimer } from '../lab/process.ts';
import { waitUntilBack } from '../session/put-back.ts';
import type { Session } from '../session/session.ts';
import { beginScript, endScript, type FaultName, faultKind, isInside } from './kinds.ts';
import { startTimer } from './timer.ts';

export interface FaultOptions {
  readonly emit: Emit;
  /** Seconds until it is undone by itself; null: the kind's own time. */
  readonly lasts: number | null;
  /** Full name of a unit; "" when none was named. */
  readonly unit: string;
  /** The drill that it belongs to. */
  readonly drill?: string;
}

/**
 * Breaks something on a machine, and notes it so that it can be undone.
 * @throws HalabError when the fault does not apply (exit 2) or does not work (exit 3).
 */
export async function beginFault(
  session: Session,
  kind: FaultName,
  machine: string,
  { emit, lasts, unit, drill }: FaultOptions,
): Promise<StandingFault> {
  const { lab, provider, shell } = session;
  const { how, lasts: usual } = faultKind(kind);
  const { standing } = readLab(lab.record.name).record;
  if (standing.some((fault) => fault.kind === kind && fault.machine === machine))
    throw usageError(`${machine} has that fault already.`, 'halab fault --undo');
  if (!isInside(how) && how.outside === 'unplug' && !provider.canUnplug)
    throw usageError(
      `halab cannot pull the cable of ${machine}: with this provider everything goes through Vagrant, which has no command for it.`,
      `Block its network from inside in its place: halab fault block ${machine}`,
    );
  if (kind === 'stop-service' && unit === '')
    throw usageError('Which service?', `halab fault stop-service ${machine} --unit apache2`);
  const state = await session.observe();
  if (state.machines[machine]?.reachable !== true)
    throw usageError(`${machine} does not answer, so it cannot be broken.`, 'halab up');
  if (kind === 'stop-service') await assertRuns(session, machine, unit);
  const agent = kind === 'slow-stop' ? agentFile(state, machine) : '';
  const seconds = usual === null ? null : (lasts ?? usual);
  const since = new Date();
  const fault: StandingFault = {
    kind,
    machine,
    since: since.toISOString(),
    until: seconds === null ? null : new Date(since.getTime() + seconds * 1000).toISOString(),
    units: runningUnits(state, machine),
    unit,
    agent,
    drill: drill ?? null,
    // Whoever comes next can undo it, so it is noted before it is done.
    ...(seconds === null || isInside(how)
      ? { timer: null, timerStarted: null }
      : startTimer(lab.record.name, kind, machine, seconds)),
  };
  changeLab(lab, { standing: [...standing, fault] });
  const step = 'fault';
  const started = performance.now();
  emit({ type: 'step-started', step, title: `${machine}: ${kind}` });
  try {
    if (isInside(how)) {
      const script = beginScript(kind, sceneOf(session, fault), seconds);
      const result = await shell.runAsRoot(machine, script, { timeout: 60_000 });
      if (!result.reached || result.exitCode !== 0) {
        throw new HalabError(`The fault ${kind} does not work on ${machine}.`, {
          reason: (result.stderr || result.stdout).trim(),
          next: 'halab fault --undo',
        });
      }
    } else if (how.outside === 'power-off') await provider.powerOff(machine);
    else if (how.outside === 'hang') await provider.pause(machine);
    else await provider.plug(machine, false);
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    await undoFault(session, fault, emit);
    throw error;
  }
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
  return fault;
}

/** Undoes a fault, also one that has ended by itself, and forgets it. @throws HalabError when that does not work. */
export async function undoFault(session: Session, fault: StandingFault, emit: Emit): Promise<void> {
  const { lab, provider, shell } = session;
  const { machine } = fault;
  const kind = fault.kind as FaultName;
  const { how } = faultKind(kind);
  const startAgain = isInside(how) ? how.startAgain === true : how.outside === 'power-off';
  const step = 'undo';
  const started = performance.now();
  emit({ type: 'step-started', step, title: `Undoing ${kind} on ${machine}` });
  try {
    if (!isInside(how)) {
      await provider.prepare();
      if (how.outside === 'unplug') await provider.plug(machine, true);
      else await provider.start(machine);
    } else if (!startAgain) {
      const result = await shell.runAsRoot(machine, endScript(kind, sceneOf(session, fault)), {
        timeout: 60_000,
      });
      if (!result.reached || result.exitCode !== 0) {
        throw new HalabError(`The fault ${kind} on ${machine} could not be undone.`, {
          reason: (result.stderr || result.stdout).trim(),
          next: 'Try again: halab fault --undo. Or go back to the start of your lesson: halab reset',
        });
      }
    }
    const units = startAgain ? fault.units : await serviceToStart(session, fault);
    await waitUntilBack(shell, machine, { units }, (text) =>
      emit({ type: 'step-progress', step, text }),
    );
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    throw error;
  }
  await endTimer(fault);
  const { standing } = readLab(lab.record.name).record;
  changeLab(lab, {
    standing: standing.filter((other) => other.kind !== kind || other.machine !== machine),
  });
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

/** @throws HalabError (exit 2) when the unit does not run: stopping it would change nothing. */
async function assertRuns({ shell }: Session, machine: string, unit: string): Promise<void> {
  const result = await shell.runAsRoot(machine, `systemctl is-active --quiet '${unit}'`);
  if (result.exitCode === 0) return;
  throw usageError(
    `${unit} does not run on ${machine}, so it cannot be stopped there.`,
    `halab shell ${machine} -- systemctl status ${unit}`,
  );
}

/** The service that the fault stopped, unless the cluster manages it: that may run it elsewhere by now. */
async function serviceToStart(session: Session, { unit }: StandingFault): Promise<string[]> {
  if (unit === '') return [];
  return managesUnit(await session.observe(), unit) ? [] : [unit];
}

/** Whether a resource of the cluster stands for a systemd unit ("systemd:cups" for cups.service). */
export const managesUnit = (state: ClusterState, unit: string): boolean =>
  Object.values(state.machines).some(
    (machine) =>
      machine.reachable &&
      machine.pacemaker?.resources.some(
        // A resource's name may leave ".service" out.
        ({ agent }) => agent === `systemd:${unit}` || `${agent}.service` === `systemd:${unit}`,
      ) === true,
  );

const sceneOf = ({ lab }: Session, { unit, agent }: StandingFault) => ({
  device: lab.variables.device,
  unit,
  agent,
});

/** The file of the agent of a resource that runs on the machine: /usr/lib/ocf/resource.d/PROVIDER/TYPE. */
function agentFile(state: ClusterState, name: string): string {
  const machine = state.machines[name];
  const running =
    machine?.reachable === true
      ? machine.pacemaker?.resources.find(
          ({ agent, nodes }) => agent.startsWith('ocf:') && nodes.includes(name),
        )
      : undefined;
  if (running === undefined) {
    throw usageError(
      `${name} runs no resource with an OCF agent, so no stop can be slow there.`,
      'halab shell node1 -- sudo crm_mon -1',
    );
  }
  const [, provider = '', type = ''] = running.agent.split(':');
  return `/usr/lib/ocf/resource.d/${provider}/${type}`;
}

/** The machine that a fault hits when none is named: the node that runs the most, or else the first. */
export function defaultTarget(state: ClusterState, nodes: readonly string[]): string {
  const runs = (name: string): number =>
    Object.values(state.machines)
      .flatMap((machine) => (machine.reachable ? (machine.pacemaker?.resources ?? []) : []))
      .filter(({ active, nodes: where }) => active && where.includes(name)).length;
  return nodes.toSorted((one, other) => runs(other) - runs(one))[0] ?? '';
}
