import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { HalabError, isDiskFull } from '../errors.ts';
import { describeFailure } from '../local-runner.ts';
import { halabHome, makeFolder } from '../paths.ts';
import { isStill, isStopped, markOf } from './process.ts';

/** Another halab is at work on the lab. */
export class LabBusy extends HalabError {}

/**
 * The lock of a lab is the kernel's (flock(2)): it belongs to a file that this process has open, and to nothing else.
 * So it is free as soon as its holder has ended, by whatever death, and never before: not when the holder is stopped
 * for hours, and not where there is no /proc to ask whether it lives.
 */

const holderSchema = z.object({
  pid: z.number(),
  started: z.string().nullable(),
  since: z.string(),
  purpose: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/**
 * Does `work` while no other halab changes that lab.
 * @param lockers programs that can take the lock, in the order in which they are tried
 * @throws LabBusy when another halab holds it.
 */
export async function withLock<T>(
  labName: string,
  purpose: string,
  work: () => Promise<T>,
  lockers: readonly Locker[] = usualLockers,
): Promise<T> {
  // Beside the labs and not in them: destroying a lab removes its folder.
  const folder = join(halabHome(), 'locks');
  makeFolder(folder);
  // It stays when the lock is free: were it removed, two could each hold the lock of a file of that name.
  const name = join(folder, `${labName}.held`);
  // For writing: NFS locks no other for one alone (flock(2), NFS details).
  const file = openSync(name, 'a+', 0o600);
  try {
    if (!take(file, name, lockers)) throw heldBy(readHolder(name));
    const mark = markOf(process.pid);
    const holder: Holder = {
      pid: process.pid,
      started: mark?.started ?? null,
      since: new Date().toISOString(),
      purpose,
    };
    tellHolder(file, holder);
    try {
      return await work();
    } finally {
      ftruncateSync(file);
    }
  } finally {
    closeSync(file);
  }
}

/** A program that takes the lock of the file that it is given as its descriptor 3. Exit code 1: somebody else holds it. */
type Locker = readonly [program: string, ...args: string[]];

/**
 * flock(1) is in util-linux and in BusyBox; macOS and the BSDs have Perl. Node itself cannot call flock(2). The lock
 * stays when the program ends: it belongs to the open file, which this process shares with it.
 */
export const usualLockers: readonly Locker[] = [
  ['flock', '-x', '-n', '3'],
  [
    'perl',
    '-MFcntl=:flock',
    '-MErrno=EWOULDBLOCK',
    '-e',
    'open(my $file, ">>&=", 3) or die "$!\\n"; exit 0 if flock($file, LOCK_EX | LOCK_NB); exit 1 if $! == EWOULDBLOCK; die "$!\\n"',
  ],
];

/** Takes the lock of an open file. @returns false when somebody else holds it. @throws HalabError when nothing can take it. */
function take(file: number, name: string, lockers: readonly Locker[]): boolean {
  for (const [program, ...args] of lockers) {
    for (let tries = 0; ; tries++) {
      const started = performance.now();
      const { status, signal, error, stderr } = spawnSync(program, args, {
        stdio: ['ignore', 'ignore', 'pipe', file],
        encoding: 'utf8',
      });
      if (status === 0 || status === 1) return status === 0;
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') break;
      // A Ctrl-C goes to all that runs in the terminal. What it means to halab is decided elsewhere.
      if (signal !== null && tries < 3) continue;
      throw new HalabError('The lock of the lab cannot be taken.', {
        reason: describeFailure({
          command: [program, ...args],
          exitCode: status,
          stdout: '',
          stderr: error?.message ?? stderr,
          timedOut: false,
          milliseconds: performance.now() - started,
        }),
        next: `Keep labs where files can be locked, which not every network's file system can (${name}): HALAB_HOME=FOLDER halab …`,
      });
    }
  }
  throw new HalabError('The lock of the lab cannot be taken.', {
    reason: `It needs one of these programs, and there is none: ${lockers.map(([program]) => program).join(', ')}.`,
    next: 'Install util-linux, which has flock.',
  });
}

/** Writes down who holds the lock, for the sentence that others get. */
function tellHolder(file: number, holder: Holder): void {
  try {
    ftruncateSync(file);
    writeSync(file, JSON.stringify(holder));
  } catch (error) {
    // On a disk that is full a lab can still be removed: without the sentence the lock is as good.
    if (!isDiskFull(error)) throw error;
  }
}

function heldBy(holder: Holder | null): LabBusy {
  const stopped = holder !== null && isStopped(holder.pid);
  return new LabBusy('Another halab is at work on this lab.', {
    reason:
      holder === null
        ? 'It has not said what for.'
        : `Process ${holder.pid}, since ${holder.since}: ${holder.purpose}.${stopped ? ' It is stopped, as by Ctrl-Z.' : ''}`,
    next: stopped
      ? 'Let it go on, in its terminal: fg'
      : 'Wait for it, or use another lab: --lab NAME',
  });
}

/** Who holds the lock, as it says itself; null while it has not said so: then the file may still tell of one that was killed. */
export function readHolder(name: string, proc?: string): Holder | null {
  const holder = holderSchema.safeParse(parse(readFileSync(name, 'utf8'))).data ?? null;
  if (holder === null || holder.started === null) return holder;
  return isStill({ pid: holder.pid, started: holder.started }, proc) ? holder : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null; // It is being written just now.
    throw error;
  }
}
