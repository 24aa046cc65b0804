import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  endMarked,
  endTimer,
  isStill,
  markOf,
  markWord,
  parseMark,
  readMark,
  sendSignal,
} from '../../src/lab/process.ts';

const started: number[] = [];
function sleeper(): number {
  const { pid } = spawn('sleep', ['60'], { stdio: 'ignore' });
  if (pid === undefined) throw new Error('no sleep');
  started.push(pid);
  return pid;
}
const mark = (pid: number) => {
  const found = markOf(pid);
  if (found === null) throw new Error(`no process ${pid}`);
  return found;
};
let folder: string | null = null;
afterEach(() => {
  for (const pid of started.splice(0)) sendSignal(pid, 'SIGKILL');
  if (folder !== null) rmSync(folder, { recursive: true });
  folder = null;
});

/** A /proc that tells of one process of that id, which started at these ticks of that boot. */
function proc(pid: number, ticks: number, boot: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'halab-proc-'));
  for (const name of [String(pid), 'self', 'sys/kernel/random'])
    mkdirSync(join(folder, name), { recursive: true });
  const fields = ['S', ...Array.from({ length: 18 }, () => '0'), String(ticks), '0'];
  const stat = `${pid} (a ) b) ${fields.join(' ')}\n`;
  for (const name of [String(pid), 'self']) writeFileSync(join(folder, name, 'stat'), stat);
  writeFileSync(join(folder, 'sys/kernel/random/boot_id'), `${boot}\n`);
  return folder;
}

describe('the mark of a process', () => {
  it('is that of the same process as long as it lives', async () => {
    const pid = sleeper();
    const found = mark(pid);
    await sleep(50);
    expect(isStill(found)).toBe(true);
    expect(parseMark(`${markWord(found)}\n`)).toEqual(found);
    await endMarked(found);
    expect(isStill(found)).toBe(false);
  });

  it('is not that of another process with the same id, nor of one after a reboot', () => {
    const found = markOf(77, proc(77, 1000, 'boot-1'));
    if (found === null) throw new Error('no mark');
    expect(isStill(found, proc(77, 1000, 'boot-1'))).toBe(true);
    expect(isStill(found, proc(77, 1001, 'boot-1'))).toBe(false);
    expect(isStill(found, proc(77, 1000, 'boot-2'))).toBe(false);
    expect(markOf(78, proc(77, 1000, 'boot-1'))).toBeNull();
  });

  it.each(['', '4711', '4711 node', '-5-0123456789abcdef', '0-0123456789abcdef', '1-xyz'])(
    'is not read from "%s"',
    (text) => expect(parseMark(text)).toBeNull(),
  );

  it('is not read from a file that is not there', () => {
    expect(readMark('/nowhere/vagrant.pid')).toBeNull();
  });

  it('is made by ps where there is no /proc', async () => {
    const pid = sleeper();
    const found = markOf(pid, '/nowhere');
    expect(found).not.toBeNull();
    if (found === null) return;
    await sleep(1100);
    expect(isStill(found, '/nowhere')).toBe(true);
    await endMarked(mark(pid));
    expect(isStill(found, '/nowhere')).toBe(false);
  });
});

describe('ending a process', () => {
  it('leaves one alone that has the id and is another', async () => {
    const pid = sleeper();
    await endMarked({ pid, started: '0123456789abcdef' });
    await endTimer({ timer: pid, timerStarted: null });
    await endTimer({ timer: pid, timerStarted: '0123456789abcdef' });
    expect(markOf(pid)).not.toBeNull();
    await endTimer({ timer: pid, timerStarted: mark(pid).started });
    expect(markOf(pid)).toBeNull();
  });

  it('ends one that is stopped, by asking', async () => {
    const child = spawn(
      'sh',
      ['-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const exit = once(child, 'exit');
    await endMarked(mark(child.pid ?? 0));
    expect(await exit).toEqual([7, null]);
  });

  it('says of one that has ended already that it has', async () => {
    const child = spawn('true', { stdio: 'ignore', detached: true });
    await once(child, 'exit');
    expect(sendSignal(child.pid ?? 0, 'SIGTERM')).toBe(false);
    expect(sendSignal(-(child.pid ?? 0), 'SIGINT')).toBe(false);
  });
});
