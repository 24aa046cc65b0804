import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { release, totalmem, userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type BuildPlace, buildPlaces } from '../build-place.ts';
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
  /** Whether the user may write into the data folder, or make it. */
  readonly dataWritable: boolean;
  readonly kvm: 'absent' | 'forbidden' | 'there';
  /** Whether the user's first lines in /etc/subuid and /etc/subgid (subuid(5)) are ranges large enough for a Debian. */
  readonly subordinateIds: boolean;
  /** The first of so many ids that are in nobody's range. */
  readonly freeIds: number;
  /** Whether the user has a line in /etc/passwd; those of a directory (LDAP, Active Directory) have none. */
  readonly isLocalUser: boolean;
  /** Settings of the kernel that keep ordinary users from user namespaces, as sysctl(8) takes them to allow these. */
  readonly namespaceSettings: readonly string[];
  /** Where the box could be built, in the order in which halab tries them. */
  readonly buildPlaces: readonly BuildPlace[];
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
  const dataParent = nearest(folders.dataDir);
  const disk = statfsSync(dataParent);
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
    dataWritable: may(dataParent, constants.W_OK | constants.X_OK),
    kvm: !existsSync('/dev/kvm')
      ? 'absent'
      : may('/dev/kvm', constants.R_OK | constants.W_OK)
        ? 'there'
        : 'forbidden',
    subordinateIds: subordinateFiles.every(
      (file) => (rangesIn(file, username)[0]?.count ?? 0) >= idsNeeded,
    ),
    freeIds: firstFreeIds(),
    isLocalUser: read('/etc/passwd')
      .split('\n')
      .some((line) => line.startsWith(`${username}:`)),
    namespaceSettings: namespaceLimits.flatMap(({ name, forbids, allow }) =>
      read(`/proc/sys/${name.replaceAll('.', '/')}`).trim() === forbids ? [`${name}=${allow}`] : [],
    ),
    buildPlaces: buildPlaces(),
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

const subordinateFiles = ['/etc/subuid', '/etc/subgid'];
/** As many as useradd(8) gives; a Debian has users up to nobody, 65534. */
export const idsNeeded = 65_536;

/** The ranges in a file of subuid(5); those of one user, by name as mmdebstrap wants it, or all. */
const rangesIn = (file: string, user?: string): { start: number; count: number }[] =>
  read(file)
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name = '', start, count]) => (user ?? name) === name && start && count)
    .map(([, start, count]) => ({ start: Number(start), count: Number(count) }));

/** The first range from 100000 on, where useradd(8) begins, that meets no other. */
const firstFreeIds = (): number =>
  subordinateFiles
    .flatMap((file) => rangesIn(file))
    .sort((a, b) => a.start - b.start)
    .reduce(
      (free, { start, count }) =>
        start + count <= free || start >= free + idsNeeded ? free : start + count,
      100_000,
    );

/** Of Debian's older kernels, of Ubuntu's, and of all. */
const namespaceLimits = [
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', allow: '1' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', allow: '0' },
  { name: 'user.max_user_namespaces', forbids: '0', allow: '15000' },
] as const;
