import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, openLog, verifyBox } from '../../src/lab/box.ts';
import { runLocally } from '../../src/local-runner.ts';

const hash = 'ab'.repeat(32);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-box-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A box file as build.sh packs it: an uncompressed tar of the image and its manifest. */
function pack({
  image = 'the image',
  told = image,
  madeFrom = hash,
}: {
  image?: string;
  told?: string;
  madeFrom?: string;
}): Box {
  const sum = createHash('sha256').update(told).digest('hex');
  writeFileSync(join(folder, 'box.img'), image);
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ name: 'halab/debian13', hash: madeFrom, sha256: { 'box.img': sum } }),
  );
  const file = join(folder, 'test.box');
  execFileSync('tar', ['-C', folder, '-cf', file, 'box.img', 'manifest.json']);
  return { name: 'halab/debian13-abababababab', hash, file };
}

const verdict = (box: Box): Promise<string> =>
  verifyBox(box, runLocally).then(
    () => 'fine',
    (error: { reason?: string }) => error.reason ?? 'no reason',
  );

describe('the log of a build', () => {
  it('holds at once what the build and halab wrote, each after the other', () => {
    const name = join(folder, 'log');
    const log = openLog(name);
    log.write('one\n');
    execFileSync('sh', ['-c', 'echo two >&2'], { stdio: ['ignore', 'ignore', log.file] });
    log.write('three\n');
    expect(readFileSync(name, 'utf8')).toBe('one\ntwo\nthree\n');
    expect(log.fault()).toBeNull();
    closeSync(log.file);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk ends nothing, and tells so', () => {
    const log = openLog('/dev/full');
    log.write('one\n');
    expect(log.fault()).toMatch(/^The log could not be written to the end: ENOSPC/);
    closeSync(log.file);
  });
});

describe('verifyBox', () => {
  it('takes a box that is what its manifest says', async () => {
    expect(await verdict(pack({}))).toBe('fine');
  });

  it('refuses an image that has changed', async () => {
    expect(await verdict(pack({ told: 'another image' }))).toContain('its image is damaged');
  });

  it('refuses a box that was made from other inputs', async () => {
    expect(await verdict(pack({ madeFrom: 'cd'.repeat(32) }))).toContain('made from other inputs');
  });

  it('refuses a file that breaks off', async () => {
    const box = pack({ image: 'x'.repeat(100_000) });
    truncateSync(box.file, readFileSync(box.file).length / 2);
    expect(await verdict(box)).toContain('cannot be read');
  });

  it('refuses a file that is not there', async () => {
    expect(await verdict({ ...pack({}), file: join(folder, 'none.box') })).toContain(
      'cannot be read',
    );
  });
});
