import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { locking } from '../../../src/lab/providers/rootless/switch-process.ts';

const has = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

let child: ChildProcess | null = null;
afterEach(() => child?.kill('SIGKILL'));

/** Starts what holds the folder's lock, and waits until it says that it runs: asking for the lock could take it from it. */
async function hold(folder: string): Promise<ChildProcess> {
  const [program = '', ...words] = locking(folder, ['sh', '-c', 'echo held; exec sleep 60']);
  const holder = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  child = holder;
  await once(holder.stdout, 'data');
  return holder;
}

/** A folder as /tmp is, with two run folders in it whose files are older than what the rule allows. */
async function agedFolders(): Promise<{ all: string; held: string; left: string; rule: string }> {
  const all = mkdtempSync(join(tmpdir(), 'halab-aged-'));
  const held = join(all, 'held');
  const left = join(all, 'left');
  for (const folder of [held, left]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'libvirtd.pid'), '1\n');
  }
  const rule = join(all, 'rule.conf');
  writeFileSync(rule, `e ${all} - - - 1s\n`);
  await sleep(2100);
  return { all, held, left, rule };
}

test.skipIf(!has('systemd-tmpfiles') || !has('flock'))(
  'what clears /tmp leaves a run folder alone whose switch lives (needs systemd-tmpfiles)',
  async () => {
    const { all, held, left, rule } = await agedFolders();
    await hold(held);
    expect(spawnSync('systemd-tmpfiles', ['--clean', rule]).status).toBe(0);
    expect(existsSync(join(held, 'libvirtd.pid'))).toBe(true);
    // The rule does clear: a folder that nobody holds loses its files.
    expect(existsSync(join(left, 'libvirtd.pid'))).toBe(false);
    rmSync(all, { recursive: true });
  },
);

test.skipIf(!has('flock'))('a second one does not start while the first lives', async () => {
  const { all, held } = await agedFolders();
  const first = await hold(held);
  const second = locking(held, ['true']);
  expect(spawnSync(second[0] ?? '', second.slice(1)).status).toBe(75);
  first.kill('SIGKILL');
  await once(first, 'exit');
  expect(spawnSync(second[0] ?? '', second.slice(1)).status).toBe(0);
  rmSync(all, { recursive: true });
});
