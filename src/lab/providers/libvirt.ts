import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../paths.ts';
import type { CommandResult, Runner } from '../../run.ts';
import type { Lab } from '../lab.ts';
import { textOf } from '../process.ts';

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

/**
 * What libvirt starts of its own for a session: libvirtd where it is built in one piece (Debian, Ubuntu), virtqemud
 * and a daemon for each other driver where it is not (Fedora, Arch, openSUSE), virtlogd and virtlockd beside both.
 * Each keeps `NAME.pid` in the folder `libvirt` of XDG_RUNTIME_DIR. virtproxyd answers old clients on libvirtd's socket.
 */
export const sessionDaemons = [
  'libvirtd',
  'virtqemud',
  'virtstoraged',
  'virtnetworkd',
  'virtnodedevd',
  'virtsecretd',
  'virtnwfilterd',
  'virtinterfaced',
  'virtproxyd',
  'virtlogd',
  'virtlockd',
] as const;

/** Read by a session daemon when it starts, from XDG_CONFIG_HOME/libvirt; /etc/libvirt/qemu.conf is for the system's. */
const daemonConfig = `# Written by halab before it starts libvirt; what is changed here is lost.
# No AppArmor, no SELinux around the machines: both deny them the switch, which is a socket of the user's own.
security_driver = "none"
`;

/** Writes the configuration of a session daemon of halab's own, unless it is there; `configHome` is its XDG_CONFIG_HOME. */
export function writeDaemonConfig(configHome: string): void {
  const folder = join(configHome, 'libvirt');
  const file = join(folder, 'qemu.conf');
  if (textOf(file) === daemonConfig) return;
  makeFolder(folder);
  writeFileSync(file, daemonConfig, { mode: 0o600 });
}

/** Runs virsh on the lab's own session daemon. */
export const runVirsh = (lab: Lab, run: Runner, args: readonly string[]): Promise<CommandResult> =>
  run(asSessionUser(['virsh', '--quiet', '--connect', 'qemu:///session', ...args]), {
    env: libvirtEnvironment(lab),
    // Saving or reverting a machine takes seconds, and minutes on a computer that is busy.
    timeout: 300_000,
  });
