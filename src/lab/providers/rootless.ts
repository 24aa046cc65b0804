import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HalabError } from '../../errors.ts';
import { describeFailure } from '../../local-runner.ts';
import type { CommandResult, Runner } from '../../run.ts';
import type { Lab } from '../lab.ts';
import { commandLine, endProcess, isRunning } from '../process.ts';
import type { PowerState, Provider } from './provider.ts';

/**
 * The rootless lab: a libvirt session daemon of the lab's own, QEMU's user-mode network for ssh and
 * a vde switch for the cluster network. Everything lives in the lab's folder and its run folder, so
 * that it can clash with nothing and be removed without a trace.
 */

/** Names of the lab's machines in libvirt. */
export const domainName = (machine: string): string => `halab_${machine}`;

export const switchFolder = (lab: Lab): string => join(lab.runFolder, 'sw');
export const poolFolder = (lab: Lab): string => join(lab.folder, 'images');

/** Environment that gives the lab a libvirt of its own (libvirt follows the XDG Base Directory Specification). */
export function libvirtEnvironment(lab: Lab): Record<string, string> {
  return {
    XDG_RUNTIME_DIR: lab.runFolder,
    XDG_CONFIG_HOME: join(lab.runFolder, 'c'),
    XDG_DATA_HOME: join(lab.folder, 'libvirt', 'data'),
    XDG_CACHE_HOME: join(lab.folder, 'libvirt', 'cache'),
  };
}

/**
 * The command, so run that libvirt's session URI means a session: for root it would silently mean
 * the system's daemon, so root becomes an ordinary user in a user namespace of its own.
 */
export function asSessionUser(command: readonly string[]): string[] {
  return process.getuid?.() === 0
    ? // Any user but root will do, if the system knows it: "nobody" is on every one.
      ['unshare', '--user', '--map-user=65534', '--map-group=65534', ...command]
    : [...command];
}

/** Runs virsh on the lab's own session daemon. */
export const runVirsh = (
  lab: Lab,
  run: Runner,
  args: readonly string[],
  input?: string,
): Promise<CommandResult> =>
  run(asSessionUser(['virsh', '--quiet', '--connect', 'qemu:///session', ...args]), {
    env: libvirtEnvironment(lab),
    timeout: 60_000,
    ...(input === undefined ? {} : { input }),
  });

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
      `${machine} could not be plugged into the switch.`,
      'qemu-monitor-command',
      '--hmp',
      domainName(machine),
      command,
    );

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

  async function replug(): Promise<void> {
    for (const [machine, state] of Object.entries(await states())) {
      if (state !== 'running' && state !== 'paused') continue;
      // A netdev cannot reconnect: take the old one off the hub and plug a new one in.
      await monitor(machine, 'netdev_del c1');
      await monitor(machine, 'netdev_del c0');
      await monitor(machine, `netdev_add vde,id=c0,sock=${switchFolder(lab)}`);
      await monitor(machine, 'netdev_add hubport,id=c1,hubid=1,netdev=c0');
    }
  }

  return {
    states,
    async prepare() {
      prepareFolders(lab);
      if (await startSwitch(lab)) await replug();
    },
    async start(machine) {
      const state = (await states())[machine];
      if (state === 'running') return;
      const verb = state === 'paused' ? 'resume' : 'start';
      await must(`${machine} could not be started.`, verb, domainName(machine));
    },
    async powerOff(machine) {
      if ((await states())[machine] === 'off') return;
      await must(`${machine} could not be powered off.`, 'destroy', domainName(machine));
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
      for (const daemon of ['libvirtd', 'virtlogd']) {
        await endByPidFile(join(lab.runFolder, 'libvirt', `${daemon}.pid`), daemon);
      }
      await endStrayMachines(lab);
      rmSync(lab.runFolder, { recursive: true, force: true });
      // The last lab takes the common folder with it.
      const parent = join(lab.runFolder, '..');
      if (existsSync(parent) && readdirSync(parent).length === 0) rmdirSync(parent);
    },
  };
}

function powerState(word: string | undefined): PowerState {
  if (word === undefined) return 'absent';
  if (word === 'running' || word === 'idle' || word === 'in shutdown') return 'running';
  if (word === 'paused' || word === 'pmsuspended') return 'paused';
  return 'off';
}

const knownToVagrant = (lab: Lab, machine: string): boolean =>
  existsSync(join(lab.folder, 'vagrant', 'machines', machine, 'libvirt', 'id'));

/** Makes the folders and the link that libvirt's environment names; safe against other users' tricks in /tmp. */
function prepareFolders(lab: Lab): void {
  const parent = join(lab.runFolder, '..');
  for (const folder of [parent, lab.runFolder]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) {
      throw new HalabError(`${folder} does not belong to you.`, {
        reason: 'halab keeps its sockets there, and somebody else has made it first.',
        next: `Have it removed, then run the command again: sudo rm -r ${folder}`,
      });
    }
    chmodSync(folder, 0o700);
  }
  // The definitions of the machines must outlive /tmp, and their sockets need a short path.
  const config = join(lab.folder, 'libvirt', 'config');
  for (const folder of [
    config,
    join(lab.folder, 'libvirt', 'data'),
    join(lab.folder, 'libvirt', 'cache'),
    poolFolder(lab),
  ]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const link = join(lab.runFolder, 'c');
  const target = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()
    ? readlinkSync(link)
    : null;
  if (target !== config) {
    rmSync(link, { force: true, recursive: true });
    symlinkSync(config, link);
  }
}

const switchPidFile = (lab: Lab): string => join(lab.runFolder, 'sw.pid');

/** Starts the lab's switch unless it runs; true when it was started now. */
async function startSwitch(lab: Lab): Promise<boolean> {
  const pid = readPid(switchPidFile(lab));
  if (pid !== null && isRunning(pid, 'vde_switch') && existsSync(join(switchFolder(lab), 'ctl')))
    return false;
  await endSwitch(lab);
  // Not --daemon: a child in a session of its own gives the pid at once.
  const child = spawn(
    'vde_switch',
    [
      '--sock',
      switchFolder(lab),
      '--pidfile',
      switchPidFile(lab),
      '--mode',
      '600',
      '--dirmode',
      '700',
      '--daemon',
    ],
    { detached: true, stdio: 'ignore', cwd: '/' },
  );
  const failure = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code) => {
      if (code !== 0) resolve(`it ended with exit code ${code}`);
    });
  });
  for (let waited = 0; waited < 5000; waited += 50) {
    const reason = await Promise.race([failure, sleep(50).then(() => null)]);
    if (reason !== null) {
      throw new HalabError('The switch of the cluster network could not be started.', {
        reason: `vde_switch: ${reason}`,
        next: 'halab doctor --fix',
      });
    }
    if (existsSync(join(switchFolder(lab), 'ctl')) && readPid(switchPidFile(lab)) !== null)
      return true;
  }
  throw new HalabError('The switch of the cluster network did not start within 5 s.', {
    next: 'halab doctor',
  });
}

async function endSwitch(lab: Lab): Promise<void> {
  await endByPidFile(switchPidFile(lab), 'vde_switch');
  rmSync(switchFolder(lab), { recursive: true, force: true });
}

async function endByPidFile(file: string, program: string): Promise<void> {
  const pid = readPid(file);
  if (pid !== null && isRunning(pid, program)) await endProcess(pid);
  if (existsSync(file)) unlinkSync(file);
}

/** Ends QEMU processes that hold this lab's switch open: what is left of a lab whose libvirt state is gone. */
async function endStrayMachines(lab: Lab): Promise<void> {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    if (statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    if (
      isRunning(pid, 'qemu-system') &&
      commandLine(pid).some((word) => word.includes(`sock=${switchFolder(lab)}`))
    ) {
      await endProcess(pid);
    }
  }
}

function readPid(file: string): number | null {
  if (!existsSync(file)) return null;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isNaN(pid) ? null : pid;
}
