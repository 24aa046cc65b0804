import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLines, logged } from '../../src/lab/command-log.ts';
import { labFiles } from '../../src/lab/lab.ts';
import type { Runner } from '../../src/run.ts';
import { type LabInMemory, makeLabInMemory } from '../lab-in-memory.ts';

const started = new Date('2026-11-30T08:00:00.000Z');

describe('a command in the log', () => {
  it('is told with its time, its exit status and what ran on the machine', () => {
    expect(
      commandLines({
        command: ['ssh', '-F', '/a b/ssh-config', 'node1'],
        input: 'crm_mon -1\nexit 3\n',
        started,
        seconds: 0.257,
        exitCode: 3,
      }),
    ).toBe(
      "2026-11-30T08:00:00.000Z   3   0.26 s  ssh -F '/a b/ssh-config' node1\n    crm_mon -1\n    exit 3\n",
    );
    const ended = { command: ['virsh', 'list'], started, seconds: 1, exitCode: null };
    expect(commandLines(ended)).toContain('Z   -   1.00 s  virsh list');
  });

  it('holds no secret, and no more than the beginning of what is long', () => {
    const ran = { started, seconds: 1, exitCode: 0 };
    const secret = commandLines({ ...ran, command: ['true'], input: 'password=geheim' });
    expect(secret).toContain('password=(removed)');
    expect(secret).not.toContain('geheim');
    const long = commandLines({ ...ran, command: ['true'], input: 'x'.repeat(9000) });
    expect(long.length).toBeLessThan(700);
    expect(long).toContain('(9000 letters)');
  });
});

describe("a lab's log of commands", () => {
  let memory: LabInMemory;
  beforeEach(() => {
    memory = makeLabInMemory();
  });
  afterEach(() => memory.remove());
  const run: Runner = async (command) => ({
    ...{ command, exitCode: 0, stdout: 'out', stderr: '', timedOut: false, milliseconds: 5 },
  });
  const log = (): string => join(labFiles.logs(memory.lab), 'commands.log');

  it('has each command, and the answer is handed on', async () => {
    const { stdout } = await logged(memory.lab, run)(['virsh', 'list']);
    await logged(memory.lab, run)(['ssh', 'node1'], { input: 'hostname' });
    expect(stdout).toBe('out');
    expect(readFileSync(log(), 'utf8')).toMatch(/virsh list\n.*ssh node1\n {4}hostname\n$/);
    expect(statSync(log()).mode & 0o077).toBe(0);
  });

  it('is put aside when it has grown large', async () => {
    writeFileSync(log(), 'old\n'.repeat(1_100_000));
    await logged(memory.lab, run)(['virsh', 'list']);
    expect(readFileSync(log(), 'utf8')).toMatch(/^\S+ .*virsh list\n$/);
    const before = join(labFiles.logs(memory.lab), 'commands-before.log');
    expect(statSync(before).size).toBe(4_400_000);
  });

  it.skipIf(process.platform !== 'linux')('stops nobody on a full disk', async () => {
    symlinkSync('/dev/full', log());
    const { stdout } = await logged(memory.lab, run)(['virsh', 'destroy']);
    expect(stdout).toBe('out');
    rmSync(log());
    // Whatever else is amiss is told.
    mkdirSync(log());
    await expect(logged(memory.lab, run)(['virsh', 'list'])).rejects.toThrow('EISDIR');
  });

  it('is not made again for a lab that was destroyed meanwhile', async () => {
    rmSync(memory.lab.folder, { recursive: true });
    await logged(memory.lab, run)(['virsh', 'list']);
    expect(existsSync(memory.lab.folder)).toBe(false);
  });
});
