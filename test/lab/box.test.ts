import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Box, endKilledBuilds, openLog, verifyBox } from '../../src/lab/box.ts';
import { markOf, markWord } from '../../src/lab/process.ts';
import { runLocally } from '../../src/local-runner.ts';

const hash = 'ab'.repeat(32);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-box-test-'));
});
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

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

describe('what killed builds have left', () => {
  it('is removed, and the builds are ended; nothing else is touched', async () => {
    const start = (...words: [string, ...string[]]): ChildProcess => {
      const [program, ...args] = words;
      const child = spawn(program, args, { stdio: 'ignore' });
      children.push(child);
      return child;
    };
    const word = ({ pid = 0 }: ChildProcess): string => {
      const mark = markOf(pid);
      if (mark === null) throw new Error(`no process ${pid}`);
      return markWord(mark);
    };
    const [build, another, working] = [1, 2, 3].map(() => start('sleep', '60')) as [
      ChildProcess,
      ChildProcess,
      ChildProcess,
    ];
    const older = start(process.execPath, '-e', 'setTimeout(() => {}, 60_000)');
    const left = (name: string, pid: string): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'pid'), pid);
    };
    left(word(working), word(working));
    left(String(older.pid), String(another.pid));
    left('4194305-0123456789abcdef', word(build));
    // Its id is another's by now, and so is that of its build.
    left(`${another.pid}-0123456789abcdef`, `${another.pid}-0123456789abcdef`);
    left('4194305', String(another.pid));
    // This very process has begun no build yet.
    left(`${process.pid}`, '');
    await endKilledBuilds(folder);
    expect(readdirSync(folder).sort()).toEqual([String(older.pid), word(working)].sort());
    const alive = [build, another, working, older].map(({ pid = 0 }) => markOf(pid) !== null);
    expect(alive).toEqual([false, true, true, true]);
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
