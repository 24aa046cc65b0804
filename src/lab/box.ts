import { spawn } from 'node:child_process';
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { type BuildPlace, buildFolder, buildPlaces } from '../build-place.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { describeFailure, runLocally } from '../local-runner.ts';
import { readLocale } from '../locale.ts';
import { isOwn, makeOwnFolder } from '../own-folder.ts';
import { boxesFolder, makeFolder, vagrantFolder, vagrantHome } from '../paths.ts';
import type { Runner } from '../run.ts';
import { endProcess, isRunning } from './process.ts';

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

const readIfThere = (file: string): string | null =>
  existsSync(file) ? readFileSync(file, 'utf8') : null;

/** How long the last build took here, in seconds; null when none has ended. */
function lastBuildSeconds(): number | null {
  const text = readIfThere(join(boxesFolder(), 'last-build-seconds'));
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
  const child = spawn('bash', [buildScript, '--output', output, '--work', work], {
    env: { ...process.env, ...readLocale },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (child.pid !== undefined) writeFileSync(join(work, 'pid'), String(child.pid));
  const stop = (): void => {
    // The group: the build's own children too.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  const logStream = createWriteStream(log);
  child.stderr.pipe(logStream);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const match = /^@@progress (\d+) (.*)$/.exec(line);
    if (match === null) logStream.write(`${line}\n`);
    else
      emit({ type: 'step-progress', step, text: match[2] ?? '', fraction: Number(match[1]) / 100 });
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  options.signal?.removeEventListener('abort', stop);
  logStream.end();
  await removeBuild(work);
  if (exitCode !== 0 || !isBuilt(box)) {
    emit({
      type: 'step-failed',
      step,
      text: options.signal?.aborted ? 'interrupted' : 'the build failed',
    });
    const said = readFileSync(log, 'utf8').trim().split('\n').slice(-8).join('\n');
    throw new HalabError('The base box could not be built.', {
      reason: `${said}\nAll that the build said: ${log}`,
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
  const mine = join(all, String(process.pid));
  mkdirSync(mine);
  chmodSync(mine, 0o711);
  return mine;
}

async function endKilledBuilds(all: string): Promise<void> {
  // What others have put there is not looked at.
  if (!isOwn(all)) return;
  for (const entry of readdirSync(all)) {
    const pid = Number(entry);
    if (pid !== process.pid && (isRunning(pid, 'node') || isRunning(pid, 'halab'))) continue;
    const build = Number(readIfThere(join(all, entry, 'pid')));
    if (build > 0 && isRunning(build, 'build.sh')) await endProcess(build);
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
  const size = (folder: string): number =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  let freed = 0;
  for (const folder of [boxesFolder(), vagrantHome()]) {
    if (!existsSync(folder)) continue;
    freed += size(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  for (const place of buildPlaces()) {
    if (isOwn(buildFolder(place))) await removeBuild(buildFolder(place));
  }
  return freed;
}
