import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HalabError } from '../../src/errors.ts';
import { makeOwnFolder, makeRunFolder } from '../../src/own-folder.ts';

let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'halab-own-'));
  chmodSync(place, 0o1777);
  folder = join(place, 'halab-build-1000');
});
afterEach(() => rmSync(place, { recursive: true }));

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
function refusal(): Pick<HalabError, 'message' | 'reason' | 'next'> {
  try {
    makeOwnFolder(folder, 0o711, 'halab builds the box there');
  } catch (error) {
    if (error instanceof HalabError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('makeOwnFolder', () => {
  it('makes it with its mode, whatever umask says', () => {
    const umask = process.umask(0o077);
    makeOwnFolder(folder, 0o711, 'x');
    process.umask(umask);
    expect(mode(folder)).toBe('711');
  });

  it('takes one of ours that is there, and closes it', () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    makeOwnFolder(folder, 0o711, 'x');
    expect(mode(folder)).toBe('711');
  });

  it('refuses a link, also to a folder of ours, and leaves what it leads to alone', () => {
    const target = join(place, 'target');
    mkdirSync(target, { mode: 0o750 });
    symlinkSync(target, folder);
    expect(refusal()).toMatchObject({
      message: `${folder} is a link.`,
      reason: 'halab builds the box there, and takes nothing for it but a folder of yours.',
      next: `Have it removed, then run the command again: sudo rm -r ${folder}`,
    });
    expect(mode(target)).toBe('750');
  });

  it('refuses a link that leads nowhere', () => {
    symlinkSync(join(place, 'nothing'), folder);
    expect(refusal().message).toBe(`${folder} is a link.`);
    expect(existsSync(join(place, 'nothing'))).toBe(false);
  });

  it('refuses a file', () => {
    writeFileSync(folder, '');
    expect(refusal().message).toBe(`${folder} is not a folder.`);
  });

  // Only root can give files away. test/e2e/homes.mjs does it with a second user.
  describe.runIf(process.getuid?.() === 0)('of another user', () => {
    it('refuses their folder', () => {
      mkdirSync(folder, { mode: 0o777 });
      chownSync(folder, 65_534, 65_534);
      expect(refusal()).toMatchObject({
        message: `${folder} does not belong to you.`,
        reason: 'halab builds the box there, and somebody else has made it first.',
      });
    });

    it('refuses their link to a folder of ours', () => {
      mkdirSync(join(place, 'target'));
      symlinkSync(join(place, 'target'), folder);
      lchownSync(folder, 65_534, 65_534);
      expect(refusal().message).toBe(`${folder} does not belong to you.`);
      expect(lstatSync(folder).isSymbolicLink()).toBe(true);
    });
  });

  it('looks at both folders of a run folder', () => {
    makeRunFolder(join(folder, '01234567'));
    expect([folder, join(folder, '01234567')].map(mode)).toEqual(['700', '700']);
  });
});
