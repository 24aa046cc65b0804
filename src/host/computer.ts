import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { release, totalmem, userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { readSurroundings, type Surroundings } from './surroundings.ts';

/** What can be seen of this computer without starting a program. Plain data, so that tests can hold recorded ones. */
export interface Computer {
  /** Node's process.platform: "linux", "darwin", "win32". */
  readonly platform: string;
  /** Node's process.arch: "x64", "arm64". */
  readonly arch: string;
  readonly nodeVersion: string;
  /** null on Windows. */
  readonly uid: number | null;
  readonly user: string;
  /** /etc/os-release; "" when there is none. */
  readonly osRelease: string;
  readonly kernelRelease: string;
  /** Changes with every boot; "" where it is not known. */
  readonly bootId: string;
  /** MiB of all memory. */
  readonly memoryTotal: number;
  /** MiB that new programs may take without swapping (MemAvailable in proc_meminfo(5)); null where it is not known. */
  readonly memoryAvailable: number | null;
  /** MiB that this user may still write into the data folder's file system. */
  readonly diskFree: number;
  readonly kvm: 'absent' | 'forbidden' | 'there';
  /** Whether the user has subordinate ids in /etc/subuid and /etc/subgid (subuid(5)). */
  readonly subordinateIds: boolean;
  /** The first folder on the way to the data folder that other users cannot walk through; null when there is none. */
  readonly closedFolder: string | null;
  /** Whether the keys of Debian's archive are at /usr/share/keyrings. */
  readonly debianKeyring: boolean;
  /** The nearest folder above the lab's run folder that is there, and whether the user may write into it. */
  readonly runParent: { readonly folder: string; readonly writable: boolean };
  readonly surroundings: Surroundings;
}

/** Looks at this computer. @throws when the file systems of the folders cannot be asked. */
export function readComputer(folders: { dataDir: string; runDir: string }): Computer {
  const meminfo = read('/proc/meminfo');
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  const { uid, username } = userInfo();
  const disk = statfsSync(nearest(folders.dataDir));
  const runParent = nearest(folders.runDir);
  return {
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.versions.node,
    uid: uid === -1 ? null : uid,
    user: username,
    osRelease: read('/etc/os-release') || read('/usr/lib/os-release'),
    kernelRelease: release(),
    bootId: read('/proc/sys/kernel/random/boot_id').trim(),
    memoryTotal: Math.floor(totalmem() / 2 ** 20),
    memoryAvailable: available === undefined ? null : Math.floor(Number(available) / 1024),
    diskFree: Math.floor((disk.bavail * disk.bsize) / 2 ** 20),
    kvm: !existsSync('/dev/kvm')
      ? 'absent'
      : may('/dev/kvm', constants.R_OK | constants.W_OK)
        ? 'there'
        : 'forbidden',
    subordinateIds: ['/etc/subuid', '/etc/subgid'].every((file) =>
      read(file)
        .split('\n')
        .some((line) => line.startsWith(`${username}:`) || line.startsWith(`${uid}:`)),
    ),
    closedFolder: closedFolder(nearest(folders.dataDir)),
    debianKeyring: existsSync('/usr/share/keyrings/debian-archive-keyring.gpg'),
    runParent: { folder: runParent, writable: may(runParent, constants.W_OK | constants.X_OK) },
    surroundings: readSurroundings({ user: username, kernelRelease: release() }),
  };
}

/** The file's text; "" when it is not there or not readable. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

/** The folder, or the nearest one above it that is there. */
function nearest(folder: string): string {
  const full = resolve(folder);
  return existsSync(full) ? full : nearest(dirname(full));
}

/** The uppermost folder of the path without the right of others to walk through it. */
function closedFolder(folder: string): string | null {
  const above = dirname(folder) === folder ? null : closedFolder(dirname(folder));
  if (above !== null) return above;
  return process.platform === 'win32' || (statSync(folder).mode & 0o001) !== 0 ? null : folder;
}
