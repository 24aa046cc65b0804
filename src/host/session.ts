import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { endProcess, isRunning } from '../lab/process.ts';
import { asSessionUser } from '../lab/providers/libvirt.ts';
import { makeFolder } from '../paths.ts';
import type { CommandResult, Runner } from '../run.ts';
import { keepFolder } from './keep.ts';

/** libvirt's daemon asks QEMU for all that it can do when it starts for the first time, which is slow where KVM is broken. */
const patience = 30_000;

/**
 * Starts a libvirt session daemon of the doctor's own, asks it for its version, disks and networks
 * (a missing driver shows there), and ends it. It can meet no lab's daemon: its sockets lie in a
 * folder made for it.
 */
export async function askSessionDaemon(run: Runner, dataDir: string): Promise<CommandResult> {
  // Short: a socket's path may have 107 bytes (unix(7)).
  const folder = mkdtempSync(join(tmpdir(), 'halab-doctor-'));
  try {
    const kept = keepFolder(dataDir) ?? folder;
    // What QEMU can do is kept there, so that the next time is fast.
    const cache = join(kept, 'libvirt-cache');
    for (const made of [cache, join(folder, 'c'), join(folder, 'd')]) makeFolder(made);
    return await run(
      asSessionUser([
        'virsh',
        '--quiet',
        '--connect',
        'qemu:///session',
        'version; pool-list --all; net-list --all',
      ]),
      {
        env: {
          XDG_RUNTIME_DIR: folder,
          XDG_CONFIG_HOME: join(folder, 'c'),
          XDG_DATA_HOME: join(folder, 'd'),
          XDG_CACHE_HOME: cache,
          LC_ALL: 'C.UTF-8',
        },
        timeout: patience,
      },
    );
  } finally {
    await endDaemons(join(folder, 'libvirt'));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ends the daemons whose pid files lie in the folder: libvirtd, or virtqemud and its kin. */
async function endDaemons(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) =>
    entry.name.endsWith('.pid'),
  );
  await Promise.all(
    files.map(async ({ name }) => {
      const pid = Number.parseInt(readFileSync(join(folder, name), 'utf8'), 10);
      if (!Number.isNaN(pid) && isRunning(pid, parse(name).name)) await endProcess(pid);
    }),
  );
}
