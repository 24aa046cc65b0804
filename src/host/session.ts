import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, environmentOf, isRunning } from '../lab/process.ts';
import { asSessionUser, sessionDaemons, writeDaemonConfig } from '../lab/providers/libvirt.ts';
import { readPid } from '../lab/providers/rootless/pid-file.ts';
import { makeFolder } from '../paths.ts';
import type { CommandResult, Runner } from '../run.ts';
import { keepFolder } from './keep.ts';

/** libvirt's daemon asks QEMU for all that it can do when it starts for the first time, which is slow where KVM is broken. */
const patience = 30_000;

/** Asks a session daemon for its version, disks and networks (a missing driver shows there). */
export const askSessionDaemon = (run: Runner, dataDir: string): Promise<CommandResult> =>
  inOwnSession(run, dataDir, () => ['version; pool-list --all; net-list --all']);

/**
 * Asks libvirt whether a machine with that processor (the element `cpu` of a domain) may run on this computer's:
 * what it asks itself before it starts one with KVM.
 */
export const compareProcessor = (
  run: Runner,
  dataDir: string,
  processor: string,
): Promise<CommandResult> =>
  inOwnSession(run, dataDir, (folder) => {
    const file = join(folder, 'cpu.xml');
    writeFileSync(file, processor);
    return ['cpu-compare', '--error', file];
  });

/**
 * Starts a libvirt session daemon of the doctor's own, has virsh ask it, and ends it. It can meet no
 * lab's daemon: its sockets lie in a folder made for it.
 */
async function inOwnSession(
  run: Runner,
  dataDir: string,
  question: (folder: string) => readonly string[],
): Promise<CommandResult> {
  // Short: a socket's path may have 107 bytes (unix(7)).
  const folder = mkdtempSync(join(tmpdir(), 'halab-doctor-'));
  try {
    const kept = keepFolder(dataDir) ?? folder;
    // What QEMU can do is kept there, so that the next time is fast.
    const cache = join(kept, 'libvirt-cache');
    const config = join(folder, 'c');
    for (const made of [cache, config, join(folder, 'd')]) makeFolder(made);
    writeDaemonConfig(config);
    return await run(
      asSessionUser(['virsh', '--quiet', '--connect', 'qemu:///session', ...question(folder)]),
      {
        env: {
          XDG_RUNTIME_DIR: folder,
          XDG_CONFIG_HOME: config,
          XDG_DATA_HOME: join(folder, 'd'),
          XDG_CACHE_HOME: cache,
        },
        timeout: patience,
      },
    );
  } finally {
    await endDaemons(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ends the daemons of a session by the ids that they keep in its folder, and by the folder in their environment: an id alone may be another's by now. */
async function endDaemons(runFolder: string): Promise<void> {
  await Promise.all(
    sessionDaemons.map(async (daemon) => {
      const pid = readPid(join(runFolder, 'libvirt', `${daemon}.pid`));
      if (pid === null || !isRunning(pid, daemon)) return;
      if (environmentOf(pid).includes(`XDG_RUNTIME_DIR=${runFolder}`)) await endProcess(pid);
    }),
  );
}
