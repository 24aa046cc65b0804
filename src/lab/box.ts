import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { type BuildPlace, buildFolder, buildPlaces } from '../build-place.ts';
import { sumOfFiles } from '../disk-use.ts';
import { ExitCode, HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { onAbort } from '../interruption.ts';
import { describeFailure, runLocally } from '../local-runner.ts';
import { readLocale } from '../locale.ts';
import { isOwn, makeOwnFolder } from '../own-folder.ts';
import { boxesFolder, makeFolder, vagrantFolder, vagrantHome } from '../paths.ts';
import type { Runner } from '../run.ts';
import {
  endMarked,
  isRunning,
  isStill,
  markOf,
  markWord,
  parseMark,
  readMark,
  sendSignal,
  textOf,
} from './process.ts';

/**
 * The offline base box: built once from Debian's packages and kept by the hash of its inputs, so
 * that a changed package list makes a new box and an unchanged one is never built twice.
 */

const boxName = 'halab/debian13';
const buildScript = join(vagrantFolder, 'box', 'build.sh');

export interface Box {
  /** Name in Vagrant. */
  readonly name: string;
  /** Hash of its inputs, hex. */
  readonly hash: string;
  /** The .box file. */
  readonly file: string;
}

/** The box that the inputs in this package make, whether it is built yet or not. */
export async function wantedBox(run: Runner): Promise<Box> {
  const result = await run(['bash', buildScript, '--print-hash'], { timeout: 30_000 });
  const hash = result.stdout.trim();
  if (result.exitCode !== 0 || !/^[0-9a-f]{64}$/.test(hash)) {
    throw new HalabError("The box's inputs cannot be read.", { reason: describeFailure(result) });
  }
  return {
    name: `${boxName}-${hash.slice(0, 12)}`,
    hash,
    file: join(boxesFolder(), hash, 'halab-debian13.box'),
  };
}

export const isBuilt = (box: Box): boolean => existsSync(box.file);

/** How long the last build took here, in seconds; null when none has ended. */
function lastBuildSeconds(): number | null {
  const text = textOf(join(boxesFolder(), 'last-build-seconds'));
  return text === null ? null : Number(text);
}

/**
 * Builds the box unless it is there.
 * @throws HalabError when the build fails or is interrupted; what it had made is removed.
 */
export async function buildBox(
  box: Box,
  emit: Emit,
  options: { force?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  if (isBuilt(box) && options.force !== true) return;
  const work = await freshWorkFolder();
  const output = join(boxesFolder(), box.hash);
  makeFolder(output, 0o755);
  // Of a build that was killed.
  for (const left of readdirSync(output).filter((name) => name.startsWith('.partial.'))) {
    rmSync(join(output, left), { recursive: true });
  }
  const log = join(output, 'build-output.log');
  const step = 'box';
  emit({
    type: 'step-started',
    step,
    title: 'Building the base box from Debian packages (once)',
    estimateSeconds: lastBuildSeconds() ?? 300,
  });
  const started = performance.now();
  const said = openLog(log);
  const child = spawn('bash', [buildScript, '--output', output, '--work', work], {
    env: { ...process.env, ...readLocale },
    stdio: ['ignore', 'pipe', said.file],
    detached: true,
  });
  const mark = child.pid === undefined ? null : markOf(child.pid);
  if (mark !== null) writeFileSync(join(work, 'pid'), markWord(mark));
  const forget = onAbort(options.signal, () => {
    // The group: the build's own children too.
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGTERM');
  });
  const { stdout } = child;
  if (stdout === null) throw new Error('a build without a pipe');
  createInterface({ input: stdout }).on('line', (line) => {
    const match = /^@@progress (\d+) (.*)$/.exec(line);
    if (match === null) said.write(`${line}\n`);
    else
      emit({ type: 'step-progress', step, text: match[2] ?? '', fraction: Number(match[1]) / 100 });
  });
  let exitCode: number | null;
  try {
    exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  } finally {
    forget();
    closeSync(said.file);
    await removeBuild(work);
  }
  if (exitCode !== 0 || !isBuilt(box)) {
    const isStopped = options.signal?.aborted === true;
    emit({ type: 'step-failed', step, text: isStopped ? 'interrupted' : 'the build failed' });
    if (isStopped) {
      throw new HalabError('Interrupted. What the build had made so far is removed.', {
        next: 'Begin it again: halab box build',
        exitCode: ExitCode.interrupted,
      });
    }
    const last = (textOf(log) ?? '').trim().split('\n').slice(-8).join('\n');
    throw new HalabError('The base box could not be built.', {
      reason: [last, said.fault(), `All that the build said: ${log}`]
        .filter((text) => text !== null && text !== '')
        .join('\n'),
      next: 'halab doctor, then: halab box build',
    });
  }
  const seconds = (performance.now() - started) / 1000;
  writeFileSync(join(boxesFolder(), 'last-build-seconds'), String(Math.round(seconds)));
  emit({
    type: 'step-done',
    step,
    seconds,
    text: `${Math.round(statSync(box.file).size / 1e6)} MB`,
  });
}

/** A log that a program writes to, and halab beside it. A disk that is full ends neither: the fault is told at the end. */
export function openLog(name: string): {
  /** Descriptor for the program. */
  readonly file: number;
  write(text: string): void;
  /** Why something could not be written, in a sentence; null when all was. */
  fault(): string | null;
} {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants;
  const file = openSync(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600);
  let fault: string | null = null;
  return {
    file,
    write(text) {
      try {
        writeSync(file, text);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === undefined) throw error;
        fault ??= `The log could not be written to the end: ${message}`;
      }
    },
    fault: () => fault,
  };
}

/**
 * A folder for a build to work in; those of builds that were killed are removed, and the builds ended.
 * @throws HalabError when nowhere is a place for it, or another user has taken ours.
 */
async function freshWorkFolder(): Promise<string> {
  // First, for what they have left may be what takes the room.
  for (const place of buildPlaces()) await endKilledBuilds(buildFolder(place));
  const places = buildPlaces();
  const place = places.find(({ wrong }) => wrong === null);
  if (place === undefined) throw noPlace(places);
  const all = buildFolder(place);
  // Not to be listed: the settings for apt that a build works with may hold a proxy's password.
  makeOwnFolder(all, 0o711, 'halab builds the box there');
  // By its name, so that there is no moment in which nobody could tell whose it is.
  const self = markOf(process.pid);
  if (self === null) throw new Error('this very process cannot be found');
  const mine = join(all, markWord(self));
  mkdirSync(mine);
  chmodSync(mine, 0o711);
  return mine;
}

/** Ends the builds of halabs that are gone, in a folder that holds one for each build, and removes what they left. */
export async function endKilledBuilds(all: string): Promise<void> {
  // What others have put there is not looked at.
  if (!isOwn(all)) return;
  for (const entry of readdirSync(all)) {
    const halab = parseMark(entry);
    // An older halab wrote its bare id: whose that is now nobody knows, and what may be at work is left alone.
    const mayWork = halab === null ? isRunning(Number(entry), 'node') : isStill(halab);
    if (mayWork && (halab?.pid ?? Number(entry)) !== process.pid) continue;
    const build = readMark(join(all, entry, 'pid'));
    if (build !== null) await endMarked(build);
    await removeBuild(join(all, entry));
  }
}

/** Removes what a build has left, as the build's own users where the files are theirs. */
async function removeBuild(folder: string): Promise<void> {
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    remove();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await runLocally(['mmdebstrap', '--unshare-helper', 'rm', '-rf', folder]);
    remove();
  }
}

const noPlace = (places: readonly BuildPlace[]): HalabError =>
  new HalabError('There is no place in which the box can be built.', {
    reason: places.map(({ folder, wrong }) => `${folder}: ${wrong}.`).join('\n'),
    next: 'Mend one of these, or name another folder: TMPDIR=FOLDER halab box build',
  });

const addedFolder = (name: string): string[] => ['boxes', name.replace('/', '-VAGRANTSLASH-')];

/** The folder below Vagrant's home that holds the kernel of a box which Vagrant has. */
export const bootFiles = (name: string): string[] => [...addedFolder(name), '0', 'libvirt'];

/** Whether Vagrant (halab's own home of it) has the box. */
export const isAdded = ({ name }: Pick<Box, 'name'>): boolean =>
  existsSync(join(vagrantHome(), ...addedFolder(name)));

const manifestSchema = z.object({
  hash: z.string(),
  sha256: z.object({ 'box.img': z.string().regex(/^[0-9a-f]{64}$/) }),
});

/**
 * Compares a box with its own manifest, and the manifest with what this halab needs: a box may have
 * come by a memory stick, or the disk may have filled up while it was copied.
 * @throws HalabError when it is damaged or another one.
 */
export async function verifyBox(box: Box, run: Runner): Promise<void> {
  const wrong = (reason: string): HalabError =>
    new HalabError('The base box is not the one that halab needs.', {
      reason: `${box.file}: ${reason}`,
      next: 'Build it again: halab box build --force',
    });
  // Its image is read as a stream: it is larger than Node takes as one output.
  const sum = 'set -o pipefail; tar -xOf "$1" box.img | sha256sum';
  const [manifest, image] = await Promise.all([
    run(['tar', '-xOf', box.file, 'manifest.json'], { timeout: 60_000 }),
    run(['bash', '-c', sum, '-', box.file], { timeout: 300_000 }),
  ]);
  const failed = [manifest, image].find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) throw wrong(`it cannot be read. ${describeFailure(failed)}`);
  const told = manifestSchema.safeParse(parseJson(manifest.stdout));
  if (!told.success) throw wrong('its manifest cannot be read.');
  if (told.data.hash !== box.hash)
    throw wrong(
      `it was made from other inputs (${told.data.hash.slice(0, 12)}, not ${box.hash.slice(0, 12)}).`,
    );
  if (!image.stdout.startsWith(told.data.sha256['box.img']))
    throw wrong('its image is damaged: the SHA-256 is not the one in its manifest.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Removes everything that building left behind, and the boxes; returns the bytes that the boxes took. */
export async function removeBoxes(): Promise<number> {
  let freed = 0;
  for (const folder of [boxesFolder(), vagrantHome()]) {
    if (!existsSync(folder)) continue;
    freed += sumOfFiles(folder, ({ size }) => size);
    rmSync(folder, { recursive: true, force: true });
  }
  for (const place of buildPlaces()) {
    if (isOwn(buildFolder(place))) await removeBuild(buildFolder(place));
  }
  return freed;
}
