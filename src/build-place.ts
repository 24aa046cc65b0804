import {
  accessSync,
  constants,
  lstatSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isOwn } from './own-folder.ts';
import { halabHome } from './paths.ts';

/**
 * Where the box can be built. Not simply in halab's home: an ordinary user's build runs as other (subordinate) users,
 * who may not walk through a HOME of mode 0700; and what is unpacked there is run.
 */

export interface BuildPlace {
  readonly folder: string;
  /** Why the box cannot be built there; null when it can. */
  readonly wrong: string | null;
  /** Somebody else has made this user's build folder there; the build refuses it (makeOwnFolder). */
  readonly isTaken: boolean;
}

/** MiB that a build takes at most (work_mib_needed in build.sh). */
const mibNeeded = 4096;

/**
 * The folders that could hold a build's work, in the order in which halab takes them. /tmp comes last: on many
 * computers it is kept in memory.
 */
export function buildPlaces(): BuildPlace[] {
  const named = process.env.TMPDIR;
  const folders = [
    ...(named !== undefined && isAbsolute(named) ? [resolve(named)] : []),
    '/var/tmp',
    halabHome(),
    '/tmp',
  ];
  return [...new Set(folders)].map((folder) => {
    const builds = buildFolder({ folder });
    const isTaken = lstatSync(builds, { throwIfNoEntry: false }) !== undefined && !isOwn(builds);
    return { folder, wrong: whyNotIn(folder), isTaken };
  });
}

/** The folder in such a place that holds this user's builds; see makeOwnFolder. */
export const buildFolder = ({ folder }: Pick<BuildPlace, 'folder'>): string =>
  join(folder, `halab-build-${process.getuid?.() ?? 0}`);

/** Looks at a place without starting a program. */
function whyNotIn(folder: string): string | null {
  try {
    const { mode, uid } = statSync(folder);
    const own = process.getuid?.();
    // Whoever may write there and is not held back by the sticky bit could put another folder in our folder's place.
    if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) return 'others may replace what lies in it';
    if (uid !== 0 && uid !== own) return 'it belongs to another user';
    const closed = own === 0 ? null : closedFolder(folder);
    if (closed !== null)
      return closed === folder
        ? 'it is closed to other users'
        : `${closed} is closed to other users`;
    const { type, bavail, bsize } = statfsSync(folder);
    const remote = networkFileSystems.get(type);
    if (remote !== undefined)
      return `it is on ${remote}, where the build's own users can make no files`;
    const free = Math.floor((bavail * bsize) / 2 ** 20);
    if (free < mibNeeded) return `${free} MiB are free, not ${mibNeeded}`;
    return mayRunProgramsIn(folder) ? null : 'programs may not be run there (noexec)';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'it is not there';
    if (code === 'EACCES' || code === 'EPERM') return 'you may not write there';
    if (code === 'EROFS') return 'it is mounted read-only';
    if (code === 'ENOSPC' || code === 'EDQUOT') return 'it is full';
    throw error;
  }
}

/** By the magic numbers of statfs(2). */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
]);

/** access(2) refuses a right to execute on a file system that is mounted noexec. */
function mayRunProgramsIn(folder: string): boolean {
  const file = join(folder, `.halab-probe-${process.pid}`);
  try {
    // Only a file that was not there before: in /tmp it could be anybody's link.
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o700, flag: 'wx' });
    return mayRun(file);
  } finally {
    rmSync(file, { force: true });
  }
}

function mayRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The uppermost folder of the path without the right of others to walk through it. */
function closedFolder(folder: string): string | null {
  const above = dirname(folder) === folder ? null : closedFolder(dirname(folder));
  if (above !== null) return above;
  return (statSync(folder).mode & 0o001) !== 0 ? null : folder;
}
