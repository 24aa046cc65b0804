import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../src/lab/lock.ts';

let home = '';
const given = process.env.HALAB_HOME;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'halab-lock-'));
  process.env.HALAB_HOME = home;
});

afterEach(() => {
  if (given === undefined) delete process.env.HALAB_HOME;
  else process.env.HALAB_HOME = given;
  rmSync(home, { recursive: true });
});

describe('the lock of a lab', () => {
  it('is held while work is done, and free afterwards', async () => {
    const done = await withLock('one', 'a test', async () => {
      await expect(withLock('one', 'another', async () => 'both')).rejects.toThrow(
        'Another halab is at work on this lab.',
      );
      return 'first';
    });
    expect(done).toBe('first');
    expect(await withLock('one', 'another', async () => 'second')).toBe('second');
  });

  it('is free after work that failed', async () => {
    const failing = withLock('one', 'a test', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await withLock('one', 'another', async () => 'second')).toBe('second');
  });

  it('does not touch that of another lab in the same process', async () => {
    const both = await Promise.all(
      ['one', 'two'].map((lab) =>
        withLock(lab, 'a test', () => withLock(`${lab}-inner`, 'a test', async () => lab)),
      ),
    );
    expect(both).toEqual(['one', 'two']);
  });
});
