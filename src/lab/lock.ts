import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { HalabError } from '../errors.ts';
import { halabHome, makeFolder } from '../paths.ts';
import { isRunning } from './process.ts';

/** Another halab is at work on the lab. */
export class LabBusy extends HalabError {}

interface Holder {
  readonly pid: number;
  readonly since: string;
  readonly purpose: string;
}

/**
 * Does `work` while no other halab changes that lab. A lock left by a halab that was killed is
 * taken over at once.
 * @throws LabBusy when another halab holds it.
 */
export async function withLock<T>(
  labName: string,
  purpose: string,
  work: () => Promise<T>,
): Promise<T> {
  // Beside the labs and not in them: destroying a lab removes its folder.
  const folder = join(halabHome(), 'locks');
  makeFolder(folder);
  const lock = join(folder, `${labName}.lock`);
  const holderFile = join(folder, `${labName}.json`);
  const holder = readHolder(holderFile);
  if (
    existsSync(lock) &&
    holder !== null &&
    !isRunning(holder.pid, 'node') &&
    !isRunning(holder.pid, 'halab')
  ) {
    rmSync(lock, { recursive: true, force: true });
  }
  let release: () => Promise<void>;
  try {
    // The library keeps its locks by this first name: one that two labs share would be one lock.
    release = await lockfile.lock(lock, { lockfilePath: lock, stale: 15_000, realpath: false });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cause;
    const by = readHolder(holderFile);
    throw new LabBusy('Another halab is at work on this lab.', {
      reason:
        by === null
          ? 'It has not said what for.'
          : `Process ${by.pid}, since ${by.since}: ${by.purpose}.`,
      next: 'Wait for it, or use another lab: --lab NAME',
      cause,
    });
  }
  writeFileSync(
    holderFile,
    JSON.stringify({ pid: process.pid, since: new Date().toISOString(), purpose } satisfies Holder),
  );
  try {
    return await work();
  } finally {
    rmSync(holderFile, { force: true });
    await release();
  }
}

function readHolder(file: string): Holder | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null; // It is being written just now.
  }
}
