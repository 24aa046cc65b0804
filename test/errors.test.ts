import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExitCode, fileSystemError } from '../src/errors.ts';

/** What Node throws when a write to /dev/full fails, with another code (and so another cause). */
function thrown(code: string, path?: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: somewhere`), {
    code,
    ...(path === undefined ? {} : { path }),
  });
}

describe('fileSystemError', () => {
  it('knows a real full disk', () => {
    let error: unknown;
    try {
      writeFileSync('/dev/full', 'x');
    } catch (caught) {
      error = caught;
    }
    expect(fileSystemError(error)).toMatchObject({
      message: 'The disk is full.',
      exitCode: ExitCode.broken,
    });
  });

  it('leaves a missing file alone, which is no trouble of the disk', () => {
    const folder = mkdtempSync(join(tmpdir(), 'halab-test-'));
    try {
      writeFileSync(join(folder, 'none', 'file'), 'x');
    } catch (error) {
      expect(fileSystemError(error)).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect.assertions(1);
  });

  it.each([
    ['EDQUOT', 'Your disk quota is used up.'],
    ['EROFS', 'halab cannot write where it keeps its labs.'],
    ['EACCES', 'You are not allowed to use /x/lab.json.'],
    ['EPERM', 'You are not allowed to use /x/lab.json.'],
    ['ENOTDIR', '/x/lab.json is not what halab expects there.'],
    ['EISDIR', '/x/lab.json is not what halab expects there.'],
    ['ELOOP', '/x/lab.json is not what halab expects there.'],
    ['ENAMETOOLONG', '/x/lab.json is not what halab expects there.'],
    ['EIO', 'This computer cannot read or write /x/lab.json now.'],
    ['EMFILE', 'This computer cannot read or write /x/lab.json now.'],
  ])('says what %s means', (code, message) => {
    const error = fileSystemError(thrown(code, '/x/lab.json'));
    expect(error?.message).toBe(message);
    expect(`${error?.message} ${error?.reason} ${error?.next}`).toMatch(/\/x\/lab\.json/);
  });

  it('does without a path, which a write by descriptor has not', () => {
    expect(fileSystemError(thrown('ENOSPC'))?.reason).toContain('A file of the lab');
  });

  it('is not for errors of another kind', () => {
    expect(fileSystemError(new TypeError('x is not a function'))).toBeNull();
    expect(fileSystemError('ENOSPC')).toBeNull();
  });
});
