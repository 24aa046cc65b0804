import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sumOfFiles } from '../src/disk-use.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-disk-use-'));
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(folder, name, 'deep'), { recursive: true });
    writeFileSync(join(folder, name, 'deep', 'file'), 'four');
    writeFileSync(join(folder, name, 'file'), '12');
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('what files take', () => {
  it('is summed over all folders, and not through links', () => {
    symlinkSync(folder, join(folder, 'a', 'round'));
    expect(sumOfFiles(folder, ({ size }) => size)).toBe(18);
  });

  it('is known also while files and folders vanish', () => {
    let seen = 0;
    const sum = sumOfFiles(folder, ({ size }) => {
      // After the first file all that was listed is gone: the other file of its folder, and the other folders.
      if (seen++ === 0)
        for (const name of ['a', 'b', 'c']) rmSync(join(folder, name), { recursive: true });
      return size;
    });
    expect({ seen, sum }).toEqual({ seen: 1, sum: 4 });
  });

  it('is nothing where nothing is', () => {
    expect(sumOfFiles(join(folder, 'none'), ({ size }) => size)).toBe(0);
  });
});
