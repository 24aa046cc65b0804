import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Lab, newRecord, writeLab } from '../../../src/lab/lab.ts';
import { isRunning, isStopped, markOf, markWord, readMark } from '../../../src/lab/process.ts';
import { cableFolder, prepareFolders } from '../../../src/lab/providers/rootless/folders.ts';
import {
  endSwitch,
  isSwitchAtWork,
  startSwitch,
} from '../../../src/lab/providers/rootless/switch-process.ts';
import { buildPrograms } from '../../built.ts';

/** The switch as a process of its own, on a lab whose machines are sockets that somebody listens on. */

const hasFlock = spawnSync('sh', ['-c', 'command -v flock']).status === 0;

let built = '';
let home = '';
let lab: Lab;
let machine: Server;
let connections = 0;
const given = process.env.HALAB_HOME;

beforeAll(async () => {
  built = await buildPrograms({ 'switch-program': 'lab/providers/rootless/switch-program' });
});
afterAll(() => rmSync(built, { recursive: true }));

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'halab-switch-process-'));
  process.env.HALAB_HOME = home;
  lab = writeLab(newRecord('one'));
  prepareFolders(lab);
  connections = 0;
  machine = createServer((socket) => {
    connections++;
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => machine.listen(join(cableFolder(lab), 'node1'), resolve));
});

afterEach(async () => {
  await endSwitch(lab);
  machine.close();
  rmSync(lab.runFolder, { recursive: true, force: true });
  try {
    rmdirSync(dirname(lab.runFolder));
  } catch {
    // Labs of this computer's own lie beside it.
  }
  rmSync(home, { recursive: true });
  if (given === undefined) delete process.env.HALAB_HOME;
  else process.env.HALAB_HOME = given;
});

const pidFile = (): string => join(lab.runFolder, 'switch.pid');
/** Makes sure of the switch. @returns its process's id. */
async function switchNow(): Promise<number> {
  await startSwitch(lab, join(built, 'switch-program.js'));
  const mark = readMark(pidFile());
  if (mark === null) throw new Error(`no switch: ${readFileSync(pidFile(), 'utf8')}`);
  expect(isRunning(mark.pid, 'switch-program')).toBe(true);
  expect(isSwitchAtWork(lab)).toBe(true);
  return mark.pid;
}

describe.skipIf(!hasFlock || process.platform !== 'linux')('the process of the switch', () => {
  it('plugs itself into the machines, and is started once', async () => {
    expect(isSwitchAtWork(lab)).toBe(false);
    const pid = await switchNow();
    expect(connections).toBe(1);
    expect(await switchNow()).toBe(pid);
    await endSwitch(lab);
    expect(markOf(pid)).toBeNull();
    expect(isSwitchAtWork(lab)).toBe(false);
  });

  it('is found again when its file was removed', async () => {
    const pid = await switchNow();
    rmSync(pidFile());
    expect(await switchNow()).toBe(pid);
    expect(connections).toBe(1);
  });

  it('is found again by an older halab’s file, which holds the bare id', async () => {
    const pid = await switchNow();
    writeFileSync(pidFile(), `${pid}\n`);
    expect(await switchNow()).toBe(pid);
  });

  it('is ended and started anew when it is stopped', async () => {
    const pid = await switchNow();
    process.kill(pid, 'SIGSTOP');
    await vi.waitUntil(() => isStopped(pid));
    expect(isSwitchAtWork(lab)).toBe(false);
    const next = await switchNow();
    expect(next).not.toBe(pid);
    expect(markOf(pid)).toBeNull();
    expect(connections).toBe(2);
  });

  it('is ended and started anew when it is stopped and its file is gone', async () => {
    const pid = await switchNow();
    process.kill(pid, 'SIGSTOP');
    rmSync(pidFile());
    expect(await switchNow()).not.toBe(pid);
    expect(markOf(pid)).toBeNull();
  });

  it('is started anew when it was killed, whoever has its id by now', async () => {
    const pid = await switchNow();
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => markOf(pid) === null);
    const self = markOf(process.pid);
    if (self === null) throw new Error('no mark');
    writeFileSync(pidFile(), markWord(self));
    expect(isSwitchAtWork(lab)).toBe(false);
    expect(await switchNow()).not.toBe(pid);
    expect(connections).toBe(2);
  });
});
