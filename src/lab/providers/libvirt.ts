import { join } from 'node:path';
import type { CommandResult, Runner } from '../../run.ts';
import type { Lab } from '../lab.ts';

/** How to talk to the libvirt session daemon that a rootless lab has of its own. */

/** Names of the lab's machines in libvirt. */
export const domainName = (machine: string): string => `halab_${machine}`;

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
export const runVirsh = (lab: Lab, run: Runner, args: readonly string[]): Promise<CommandResult> =>
  run(asSessionUser(['virsh', '--quiet', '--connect', 'qemu:///session', ...args]), {
    env: libvirtEnvironment(lab),
    // Saving or reverting a machine takes seconds, and minutes on a computer that is busy.
    timeout: 300_000,
  });
