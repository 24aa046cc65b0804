import { execFile, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { labFolder, newRecord, writeLab } from '../../src/lab/lab.ts';
import { type OwnHalab, ownHalab } from './halab.ts';

let halab: OwnHalab;
beforeEach(() => {
  halab = ownHalab();
});
afterEach(() => halab.remove());

const inTheWay: readonly [string, (path: string) => void][] = [
  ['a file', (path) => writeFileSync(path, '')],
  ['a link that leads nowhere', (path) => symlinkSync('/nowhere/at/all', path)],
  ['a link that leads back to itself', (path) => symlinkSync(path, path)],
];

describe('what lies where halab keeps its things', () => {
  const cases = inTheWay.flatMap(([what, put]) =>
    ['labs', 'locks', join('labs', 'default')].map((place) => [place, what, put] as const),
  );

  it.each(cases)('%s is %s: no command ends with a stack', async (place, _, put) => {
    const path = join(halab.home, place);
    mkdirSync(dirname(path), { recursive: true });
    put(path);
    let failed = 0;
    for (const words of ['up', 'down', 'destroy', 'destroy --all', 'status', 'lessons', 'hint']) {
      const { code, said } = await halab.run('--yes', ...words.split(' '));
      expect(said, words).not.toMatch(/mistake in halab|\bat .*\.(ts|js):/);
      if (code === 3) failed += 1;
      if (words === 'up') {
        expect(code).toBe(3);
        expect(said).toContain(path);
        expect(said).toContain('HALAB_HOME=FOLDER');
      }
    }
    expect(failed).toBeGreaterThan(0);
  });

  it.each(['/proc/nope', '/dev/null/home', '/dev/full'])(
    'HALAB_HOME=%s, where no folder can be made: a sentence, and 3',
    async (home) => {
      vi.stubEnv('HALAB_HOME', home);
      const { code, said } = await halab.run('--yes', 'up');
      expect(said).not.toMatch(/mistake in halab|\bat .*\.(ts|js):/);
      expect(said).toContain(home);
      expect(code).toBe(3);
    },
  );

  it.each(['/proc/nope', '/dev/null/home'])('HOME=%s', async (home) => {
    vi.stubEnv('HALAB_HOME', '');
    vi.stubEnv('XDG_DATA_HOME', join(home, '.local', 'share'));
    vi.stubEnv('HOME', home);
    const { code, said } = await halab.run('--yes', 'up');
    expect(said).not.toMatch(/mistake in halab|\bat .*\.(ts|js):/);
    expect(code).toBe(3);
  });
});

const launcher = fileURLToPath(new URL('../terminal/run-typescript.mjs', import.meta.url));
const runner = fileURLToPath(new URL('main-runner.ts', import.meta.url));

/** halab as a process of its own, with a file as its standard output or error. */
function halabTo(stream: 'stdout' | 'stderr', file: string, words: readonly string[]) {
  const fd = openSync(file, 'w');
  try {
    return spawnSync(process.execPath, [launcher, runner, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', stream === 'stdout' ? fd : 'pipe', stream === 'stderr' ? fd : 'pipe'],
    });
  } finally {
    closeSync(fd);
  }
}

describe('output that cannot be written', () => {
  it.each([['lessons'], ['lessons --json'], ['--version'], ['--help'], ['status']])(
    'halab %s > /dev/full: a sentence, and 3',
    (words) => {
      const { status, stderr } = halabTo('stdout', '/dev/full', words.split(' '));
      expect(stderr).toContain('What halab prints could not all be written.');
      expect(stderr).not.toMatch(/\bat .*\.(ts|js):/);
      expect(stderr.match(/✗/g)).toHaveLength(1);
      expect(status).toBe(3);
    },
  );

  it('halab check 2> /dev/full: 3, whatever it would have been', () => {
    expect(halabTo('stderr', '/dev/full', ['check']).status).toBe(3);
  });

  it('halab lessons with a reader that has seen enough: nothing is amiss', async () => {
    writeLab(newRecord('default'));
    expect(labFolder('default')).toContain(halab.home);
    const result = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      const child = execFile(process.execPath, [launcher, runner, 'lessons'], (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      );
      child.stdout?.destroy();
    });
    expect(result).toEqual({ code: 0, stderr: '' });
  });
});
