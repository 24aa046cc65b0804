import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HalabError } from '../../../errors.ts';
import { describeFailure } from '../../../local-runner.ts';
import type { CommandResult, Runner } from '../../../run.ts';
import type { Lab } from '../../lab.ts';
import { endProcess, sendSignal } from '../../process.ts';
import { agentShell } from '../agent.ts';
import { domainName, runVirsh } from '../libvirt.ts';
import type { PowerState, Provider } from '../provider.ts';
import { areFoldersPrepared, poolFolder, prepareFolders } from './folders.ts';
import { daemonPids, daemonsOf, runningMachines } from './strays.ts';
import { assureCable, endSwitch, isSwitchAtWork, startSwitch } from './switch-process.ts';

/**
 * The rootless lab: a libvirt session daemon of the lab's own, QEMU's user-mode network for ssh and
 * a switch of the lab's own for the cluster network. Everything lives in the lab's folder and its run folder, so
 * that it can clash with nothing and be removed without a trace.
 */

export function rootlessProvider(lab: Lab, run: Runner): Provider {
  const virsh = (...args: string[]): Promise<CommandResult> => runVirsh(lab, run, args);
  const must = async (what: string, ...args: string[]): Promise<string> => {
    const result = await virsh(...args);
    if (result.exitCode !== 0) {
      throw new HalabError(what, { reason: describeFailure(result), next: 'Try again: halab up' });
    }
    return result.stdout;
  };
  const monitor = (machine: string, command: string): Promise<string> =>
    must(
      `The cable of ${machine} could not be moved.`,
      'qemu-monitor-command',
      '--hmp',
      domainName(machine),
      command,
    );
  const setCable = (machine: string, isIn: boolean): Promise<string> =>
    monitor(machine, `set_link c0 ${isIn ? 'on' : 'off'}`);

  async function states(): Promise<Record<string, PowerState>> {
    // Asking starts the daemon, and it needs its folders.
    prepareFolders(lab);
    const listed = new Map(
      (await must('The machines cannot be listed.', 'list', '--all'))
        .split('\n')
        .map((line) => /^\s*(?:\d+|-)\s+(\S+)\s+(.+?)\s*$/.exec(line))
        .filter((match) => match !== null)
        .map((match) => [match[1] ?? '', match[2] ?? '']),
    );
    return Object.fromEntries(
      lab.machines.map(({ name }) => [name, powerState(listed.get(domainName(name)))]),
    );
  }

  const allNames = lab.machines.map(({ name }) => name);

  /** Does something to several machines at once, and waits for all of them even when one fails. */
  async function onEach<T>(
    machines: readonly string[],
    work: (machine: string) => Promise<T>,
  ): Promise<T[]> {
    const outcomes = await Promise.allSettled(machines.map(work));
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  async function inState(wanted: PowerState): Promise<string[]> {
    const found = await states();
    return allNames.filter((machine) => found[machine] === wanted);
  }

  async function snapshotsOf(machine: string): Promise<string[]> {
    const listed = await must(
      `The checkpoints of ${machine} cannot be listed.`,
      'snapshot-list',
      domainName(machine),
      '--name',
    );
    return listed.split('\n').filter((line) => line.trim() !== '');
  }

  /**
   * Has a running QEMU load a snapshot; the machine is paused then. False when QEMU refuses: libvirt's
   * own way remains, which ends that QEMU and starts another one, and so takes seconds more.
   *
   * Under emulation QEMU's TSC never goes back (cpu_ticks_prev), so a guest that lived by it would
   * find that all the time since the snapshot has passed at once. The box lives by the HPET
   * (tsc=unstable on its command line), which does go back.
   */
  async function loadInPlace(machine: string, snapshot: string): Promise<boolean> {
    // One that is paused already says so, and that is no reason to stop.
    await virsh('suspend', domainName(machine));
    const answer = await virsh(
      'qemu-monitor-command',
      '--hmp',
      domainName(machine),
      `loadvm ${snapshot}`,
    );
    // QEMU's monitor is silent when all went well.
    return answer.exitCode === 0 && answer.stdout.trim() === '';
  }

  /**
   * Puts machines' cables in again. Not without a switch: a QEMU that is told that its link is up while nobody is at the
   * other end dies of the next frame (SIGSEGV: net_stream_receive writes to a channel that is not there; 7.2).
   */
  async function plugIn(machines: readonly string[]): Promise<void> {
    await startSwitch(lab);
    await onEach(machines, (machine) => setCable(machine, true));
  }

  /**
   * Unplugs machines and lets what is on its way to them run out, before they go back in time. A packet from
   * after the checkpoint that reached a machine from before it would be taken for true: Corosync then counts
   * messages that nobody has sent, and asks for them for ever ("Retransmit List"). A paused QEMU takes
   * nothing from its socket, so paused machines run for that moment.
   */
  async function drain(
    machines: readonly string[],
    now: Record<string, PowerState>,
  ): Promise<void> {
    await onEach(machines, (machine) => setCable(machine, false));
    await onEach(
      machines.filter((machine) => now[machine] === 'paused'),
      (machine) => virsh('resume', domainName(machine)),
    );
    await sleep(drainMilliseconds);
  }

  return {
    states,
    agent: agentShell(lab, run),
    isPrepared: () => areFoldersPrepared(lab) && isSwitchAtWork(lab),
    async prepare() {
      prepareFolders(lab);
      await startSwitch(lab);
    },
    async start(machine) {
      const state = (await states())[machine];
      if (state === 'running') return;
      if (state === 'off') await assureCable(lab, run, machine);
      const verb = state === 'paused' ? 'resume' : 'start';
      await must(`${machine} could not be started.`, verb, domainName(machine));
    },
    async powerOff(machine) {
      if ((await states())[machine] === 'off') return;
      await must(`${machine} could not be powered off.`, 'destroy', domainName(machine));
    },
    async pause(machine) {
      if ((await states())[machine] !== 'running') return;
      await must(`${machine} could not be paused.`, 'suspend', domainName(machine));
    },
    canUnplug: true,
    async plug(machine, isIn) {
      if (isIn) await plugIn([machine]);
      else await setCable(machine, false);
    },
    checkpointHolds: 'memory and disks of all machines, at one moment',
    async saveCheckpoint(name) {
      try {
        await onEach(await inState('running'), (machine) =>
          must(`${machine} could not be paused.`, 'suspend', domainName(machine)),
        );
        await onEach(allNames, (machine) =>
          must(
            `${machine} could not be saved.`,
            'snapshot-create-as',
            domainName(machine),
            snapshotName(name),
          ),
        );
      } finally {
        await this.resumePaused();
      }
    },
    async restoreCheckpoint(name) {
      const now = await states();
      const up = allNames.filter(
        (machine) => now[machine] === 'running' || now[machine] === 'paused',
      );
      await drain(up, now);
      const loaded: string[] = [];
      await onEach(allNames, async (machine) => {
        const saved = [domainName(machine), snapshotName(name)];
        const what = `${machine} could not be brought back.`;
        const info = await must(what, 'snapshot-info', ...saved);
        // One that was off must not be started by being reverted.
        const wasOff = /^State:\s+shutoff$/m.test(info);
        const runs = up.includes(machine);
        if (runs && !wasOff && (await loadInPlace(machine, snapshotName(name)))) {
          loaded.push(machine);
          return;
        }
        await must(what, 'snapshot-revert', ...saved, ...(wasOff ? [] : ['--paused']));
      });
      // The cable is no part of the machine: an unplugged one would stay so.
      await plugIn(loaded);
      await this.resumePaused();
    },
    async deleteCheckpoint(name) {
      const there = await states();
      await onEach(allNames, async (machine) => {
        if (there[machine] === 'absent') return;
        if (!(await snapshotsOf(machine)).includes(snapshotName(name))) return;
        await must(
          `The checkpoint "${name}" of ${machine} could not be deleted.`,
          'snapshot-delete',
          domainName(machine),
          snapshotName(name),
        );
      });
    },
    async checkpoints() {
      if (Object.values(await states()).includes('absent')) return [];
      const [first = [], ...others] = await onEach(allNames, snapshotsOf);
      return first
        .filter((snapshot) => others.every((list) => list.includes(snapshot)))
        .flatMap((snapshot) => checkpointOf(snapshot) ?? []);
    },
    async checkpointBytes() {
      const disks = existsSync(poolFolder(lab))
        ? readdirSync(poolFolder(lab)).filter((file) =>
            lab.machines.some(({ name }) => file.startsWith(domainName(name))),
          )
        : [];
      const sizes = await onEach(disks, async (disk) => {
        // --force-share: the machine has its disk open.
        const found = await run([
          'qemu-img',
          'info',
          '--output=json',
          '--force-share',
          join(poolFolder(lab), disk),
        ]);
        if (found.exitCode !== 0) {
          throw new HalabError('The space that the checkpoints take cannot be read.', {
            reason: describeFailure(found),
            next: 'halab doctor',
          });
        }
        const { snapshots = [] } = JSON.parse(found.stdout) as {
          snapshots?: { 'vm-state-size': number }[];
        };
        return snapshots.reduce((sum, snapshot) => sum + snapshot['vm-state-size'], 0);
      });
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    async resumePaused() {
      await onEach(await inState('paused'), (machine) =>
        must(`${machine} could not be let run on.`, 'resume', domainName(machine)),
      );
    },
    async endStrays() {
      const known = await states();
      const strays = runningMachines(lab).filter(
        ({ machine }) => known[machine] !== 'running' && known[machine] !== 'paused',
      );
      await Promise.all(strays.map(({ pid }) => endProcess(pid)));
      // A daemon that ends in order would take the files of its successor away.
      for (const pid of daemonsOf(lab)) {
        if (!daemonPids(lab).includes(pid)) sendSignal(pid, 'SIGKILL');
      }
      return strays.map(({ machine }) => machine);
    },
    async removeOrphans() {
      const removed: string[] = [];
      for (const [machine, state] of Object.entries(await states())) {
        if (state === 'absent' || knownToVagrant(lab, machine)) continue;
        const domain = domainName(machine);
        if (state !== 'off') await virsh('destroy', domain);
        await must(
          `${machine} could not be removed.`,
          'undefine',
          '--managed-save',
          '--snapshots-metadata',
          domain,
        );
        removed.push(machine);
      }
      // A disk without a machine also stops Vagrant from making the machine.
      for (const { name } of lab.machines) {
        if (knownToVagrant(lab, name) || !existsSync(poolFolder(lab))) continue;
        for (const disk of readdirSync(poolFolder(lab)).filter((file) =>
          file.startsWith(`${domainName(name)}`),
        )) {
          rmSync(join(poolFolder(lab), disk));
          await virsh('pool-refresh', 'default');
          if (!removed.includes(name)) removed.push(name);
        }
      }
      return removed;
    },
    async dispose() {
      if (existsSync(lab.runFolder)) {
        // Whatever Vagrant left: a machine that it does not know would live on without its files.
        const listed = await virsh('list', '--all', '--name');
        for (const domain of listed.stdout
          .split('\n')
          .filter((line) => line.startsWith('halab_'))) {
          await virsh('destroy', domain);
          await virsh('undefine', '--managed-save', '--snapshots-metadata', domain);
        }
      }
      await endSwitch(lab);
      await Promise.all(daemonsOf(lab).map(endProcess));
      // What is left of a lab whose libvirt state is gone.
      await Promise.all(runningMachines(lab).map(({ pid }) => endProcess(pid)));
      rmSync(lab.runFolder, { recursive: true, force: true });
      // The last lab takes the common folder with it.
      const parent = join(lab.runFolder, '..');
      if (existsSync(parent) && readdirSync(parent).length === 0) rmdirSync(parent);
    },
  };
}

/** Milliseconds in which a machine's QEMU empties its sockets, under a load too. */
const drainMilliseconds = 300;

/** Names of checkpoints as libvirt knows them; a learner's own snapshots go by other names. */
const snapshotName = (checkpoint: string): string => `halab-${checkpoint}`;
const checkpointOf = (snapshot: string): string | null =>
  snapshot.startsWith('halab-') ? snapshot.slice('halab-'.length) : null;

function powerState(word: string | undefined): PowerState {
  if (word === undefined) return 'absent';
  if (word === 'running' || word === 'idle' || word === 'in shutdown') return 'running';
  if (word === 'paused' || word === 'pmsuspended') return 'paused';
  return 'off';
}

const knownToVagrant = (lab: Lab, machine: string): boolean =>
  existsSync(join(lab.folder, 'vagrant', 'machines', machine, 'libvirt', 'id'));
