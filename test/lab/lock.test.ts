import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readHolder, usualLockers, withLock } from '../../src/lab/lock.ts';
import { markOf } from '../../src/lab/process.ts';
import { buildPrograms } from '../built.ts';

let home = '';
let built = '';
const given = process.env.HALAB_HOME;
const children: ChildProcess[] = [];

beforeAll(async () => {
  built = await buildPrograms({ lock: 'lab/lock' });
});
afterAll(() => rmSync(built, { recursive: true }));

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'halab-lock-'));
  process.env.HALAB_HOME = home;
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  if (given === undefined) delete process.env.HALAB_HOME;
  else process.env.HALAB_HOME = given;
  rmSync(home, { recursive: true });
});

/** Starts a halab of its own that runs `script`, with withLock at hand and a log of all of them. */
function contender(script: string): ChildProcess {
  const program = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const { withLock } = await import(${JSON.stringify(pathToFileURL(join(built, 'lock.js')).href)});
    const tell = (what) => appendFileSync(${JSON.stringify(log())}, what + ' ' + process.pid + '\\n');
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, HALAB_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

const log = (): string => join(home, 'log');
const said = (): string[] => {
  try {
    return readFileSync(log(), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};
async function untilSaid(line: string): Promise<void> {
  for (let waited = 0; !said().includes(line); waited += 20) {
    if (waited > 20_000) throw new Error(`nobody said "${line}": ${said().join(', ')}`);
    await sleep(20);
  }
}

/** Enters and leaves again and again. */
const busy = `for (;;) {
  try {
    await withLock('one', 'work', async () => { tell('enter'); await sleep(Math.random() * 10); tell('leave'); });
  } catch (error) {
    if (error.message !== 'Another halab is at work on this lab.') { tell('failed: ' + error.stack); throw error; }
  }
  await sleep(Math.random() * 5);
}`;
/** Enters, and leaves when it is told to. */
const patient = `
await withLock('one', 'long work', async () => {
  tell('enter');
  let told = false;
  process.once('SIGTERM', () => { told = true; });
  while (!told) await sleep(20);
  tell('leave');
});
tell('ended');`;

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

  it('tells who holds it, since when and what for', async () => {
    await withLock('one', 'a long job', async () => {
      await expect(withLock('one', 'another', async () => {})).rejects.toMatchObject({
        exitCode: 3,
        reason: expect.stringMatching(
          new RegExp(`^Process ${process.pid}, since 20\\S+: a long job\\.$`),
        ),
      });
    });
  });

  it('is not held by what an older halab left of its own', async () => {
    mkdirSync(join(home, 'locks', 'one.lock'), { recursive: true });
    writeFileSync(
      join(home, 'locks', 'one.json'),
      `{"pid":${process.pid},"since":"","purpose":""}`,
    );
    expect(await withLock('one', 'a test', async () => 'free')).toBe('free');
  });

  it('is never held by two, however many are killed in the middle', {
    timeout: 120_000,
  }, async () => {
    const running = [contender(busy), contender(busy)];
    const killed: number[] = [];
    for (let kills = 0; kills < 20; kills++) {
      const at = kills % running.length;
      const victim = running[at];
      if (victim?.pid === undefined) throw new Error('a contender without an id');
      // In the middle of its work, between two tries, or in one; some before they have begun.
      if (kills % 8 !== 0) await untilSaid(`enter ${victim.pid}`);
      await sleep(Math.random() * 60);
      killed.push(victim.pid);
      // What comes after it says nothing of this one any more: it may die at any moment.
      writeFileSync(log(), `kill ${victim.pid}\n`, { flag: 'a' });
      victim.kill('SIGKILL');
      running[at] = contender(busy);
    }
    // The last two must get in as well: nobody who died holds it.
    for (const { pid } of running) await untilSaid(`enter ${pid}`);

    const dead = new Set<string>();
    let inside: string | null = null;
    let entered = 0;
    for (const line of said()) {
      const [, what = '', pid = ''] = /^(.*) (\d+)$/.exec(line) ?? [];
      if (dead.has(pid)) continue;
      expect(['enter', 'leave', 'kill']).toContain(what);
      if (what === 'kill') dead.add(pid);
      if (what === 'enter') {
        expect({ inside, entered: pid }).toEqual({ inside: null, entered: pid });
        inside = pid;
        entered++;
      } else if (inside === pid) inside = null;
    }
    expect(killed).toHaveLength(20);
    expect(entered).toBeGreaterThan(20);
  });

  it('stays with a holder that is stopped, which ends in order when it goes on', async () => {
    const holder = contender(patient);
    const { pid } = holder;
    await untilSaid(`enter ${pid}`);
    holder.kill('SIGSTOP');
    // No time is long enough: nothing of the lock grows old.
    await sleep(1500);
    await expect(withLock('one', 'another', async () => 'both')).rejects.toMatchObject({
      reason: expect.stringMatching(
        new RegExp(`^Process ${pid}, .*: long work\\. It is stopped, as by Ctrl-Z\\.$`),
      ),
      next: 'Let it go on, in its terminal: fg',
    });
    holder.kill('SIGTERM');
    holder.kill('SIGCONT');
    expect(await once(holder, 'exit')).toEqual([0, null]);
    expect(said()).toEqual([`enter ${pid}`, `leave ${pid}`, `ended ${pid}`]);
    expect(await withLock('one', 'another', async () => 'second')).toBe('second');
  });

  it('is not handed on to what its holder starts and leaves behind', async () => {
    const holder = contender(
      `import { spawn } from 'node:child_process';
      await withLock('one', 'work', async () => {
        const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
        tell('child');
        child.unref();
        process.stdout.write('');
        tell('started-' + child.pid);
        await sleep(60_000);
      });`,
    );
    await untilSaid(`child ${holder.pid}`);
    while (!said().some((line) => line.startsWith('started-'))) await sleep(20);
    const left = Number(/^started-(\d+)/m.exec(said().join('\n'))?.[1]);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(markOf(left)).not.toBeNull();
    expect(await withLock('one', 'another', async () => 'free')).toBe('free');
    process.kill(left, 'SIGKILL');
  });
});

describe('where there is no /proc', () => {
  const noProc = '/nowhere/proc';

  it('a holder that lives is told of, and one that is gone is not', async () => {
    const file = join(home, 'locks', 'one.held');
    await withLock('one', 'a long job', async () => {
      expect(readHolder(file)?.purpose).toBe('a long job');
      const started = markOf(process.pid, noProc)?.started;
      expect(started).toMatch(/^[0-9a-f]{16}$/);
      const holder = { pid: process.pid, started, since: 'then', purpose: 'by ps' };
      writeFileSync(file, JSON.stringify(holder));
      expect(readHolder(file, noProc)?.purpose).toBe('by ps');
      writeFileSync(file, JSON.stringify({ ...holder, pid: 1 }));
      expect(readHolder(file, noProc)).toBeNull();
    });
  });
});

describe.each(
  usualLockers
    .filter(([program]) => spawnSync(program, ['--version']).error === undefined)
    .map((locker) => [locker[0], locker] as const),
)('by %s', (_, locker) => {
  const lock = (work: () => Promise<string>) => withLock('one', 'a test', work, [locker]);

  it('one is let in and the next is not', async () => {
    await lock(async () => {
      await expect(lock(async () => 'both')).rejects.toThrow('Another halab is at work');
      return 'first';
    });
    expect(await lock(async () => 'second')).toBe('second');
  });
});

describe('a lock that nothing can take', () => {
  it('is told, with what to install', async () => {
    await expect(
      withLock('one', 'a test', async () => 'in', [['no-such-locker']]),
    ).rejects.toMatchObject({
      message: 'The lock of the lab cannot be taken.',
      next: 'Install util-linux, which has flock.',
    });
  });

  it('is told, with what the program said', async () => {
    const failing = ['sh', '-c', 'echo "No locks available" >&2; exit 71'] as const;
    await expect(withLock('one', 'a test', async () => 'in', [failing])).rejects.toMatchObject({
      reason: expect.stringContaining('No locks available'),
    });
  });

  it('is asked for again when a Ctrl-C ends the program that takes it', async () => {
    const once = [
      'sh',
      '-c',
      `[ -e ${home}/tried ] || { touch ${home}/tried; kill -INT $$; }; exec flock -x -n 3`,
    ] as const;
    expect(await withLock('one', 'a test', async () => 'in', [once])).toBe('in');
  });
});
