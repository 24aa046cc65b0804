import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildFolder, buildPlaces } from '../../src/build-place.ts';

const given = { TMPDIR: process.env.TMPDIR, HALAB_HOME: process.env.HALAB_HOME };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-place-'));
  chmodSync(folder, 0o755);
  process.env.HALAB_HOME = join(folder, 'home');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** What is said of a folder that TMPDIR names. */
function wrongWith(named: string): string | null | undefined {
  process.env.TMPDIR = named;
  return buildPlaces().find((place) => place.folder === named)?.wrong;
}

describe('where the box can be built', () => {
  it('is looked for in TMPDIR, /var/tmp, the home of halab and /tmp', () => {
    process.env.TMPDIR = folder;
    expect(buildPlaces().map((place) => place.folder)).toEqual([
      folder,
      '/var/tmp',
      join(folder, 'home'),
      '/tmp',
    ]);
    process.env.TMPDIR = '/tmp/';
    expect(buildPlaces().map((place) => place.folder)).toEqual([
      '/tmp',
      '/var/tmp',
      join(folder, 'home'),
    ]);
    process.env.TMPDIR = 'relative';
    expect(buildPlaces()[0]?.folder).toBe('/var/tmp');
  });

  it('has a folder for each user', () => {
    expect(buildFolder({ folder: '/var/tmp' })).toBe(`/var/tmp/halab-build-${process.getuid?.()}`);
  });

  it('may be any roomy folder of ours, and nothing is left there by looking', () => {
    const { bavail, bsize } = statfsSync(folder);
    const roomy = bavail * bsize >= 4096 * 2 ** 20;
    expect(wrongWith(folder)).toEqual(roomy ? null : expect.stringMatching(/MiB are free/));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not where others could put a folder of theirs in the place of ours', () => {
    chmodSync(folder, 0o777);
    expect(wrongWith(folder)).toBe('others may replace what lies in it');
  });

  it('is taken when our folder there is a link, or of another user', () => {
    const taken = (): boolean | undefined =>
      buildPlaces().find((place) => place.folder === folder)?.isTaken;
    process.env.TMPDIR = folder;
    expect(taken()).toBe(false);
    mkdirSync(buildFolder({ folder }));
    expect(taken()).toBe(false);
    rmdirSync(buildFolder({ folder }));
    symlinkSync('/tmp', buildFolder({ folder }));
    expect(taken()).toBe(true);
  });

  it('is not where there is no folder', () => {
    expect(wrongWith(join(folder, 'none'))).toBe('it is not there');
  });

  it('is not where nothing can be written', () => {
    expect(wrongWith('/proc')).not.toBeNull();
  });

  it('is not in a folder that is closed to the users of an ordinary build', () => {
    chmodSync(folder, 0o700);
    const root = process.getuid?.() === 0;
    expect(wrongWith(folder)).toEqual(root ? null : 'it is closed to other users');
  });
});
