import { join } from 'node:path';
import type { Lab } from '../../lab.ts';
import { commandLine, environmentOf, isRunning, ownProcesses } from '../../process.ts';
import { domainName, sessionDaemons } from '../libvirt.ts';
import { readPid } from './pid-file.ts';

/** The daemons that work for this lab, by the environment that they were given. */
export const daemonsOf = (lab: Lab): number[] =>
  ownProcesses().filter(
    (pid) =>
      environmentOf(pid).includes(`XDG_RUNTIME_DIR=${lab.runFolder}`) &&
      sessionDaemons.some((daemon) => isRunning(pid, daemon)),
  );

/** The daemons that answer on the lab's sockets. */
export const daemonPids = (lab: Lab): (number | null)[] =>
  sessionDaemons.map((daemon) => readPid(join(lab.runFolder, 'libvirt', `${daemon}.pid`)));

/** The QEMU processes whose sockets lie in the lab's run folder, whether libvirt knows of them or not. */
export function runningMachines(lab: Lab): { pid: number; machine: string }[] {
  return ownProcesses().flatMap((pid) => {
    if (!isRunning(pid, 'qemu-system')) return [];
    const words = commandLine(pid);
    if (!words.some((word) => word.includes(`${lab.runFolder}/`))) return [];
    const machine = lab.machines.find(({ name }) =>
      words.some((word) => word.startsWith(`guest=${domainName(name)},`)),
    );
    return [{ pid, machine: machine?.name ?? '' }];
  });
}
