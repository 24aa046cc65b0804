import { describe, expect, it } from 'vitest';
import { observe } from '../../src/cluster/observe.ts';
import { readObservation } from '../../src/cluster/read.ts';
import type { ReachableMachine } from '../../src/cluster/state.ts';
import type { Machine, Shell, ShellResult } from '../../src/lab/machine.ts';
import { machines, recordedRaw } from '../fixtures/load.ts';

const answer = (more: Partial<ShellResult>): ShellResult => ({
  reached: true,
  exitCode: 0,
  stdout: '',
  stderr: '',
  milliseconds: 1,
  ...more,
});
const tokenIn = (script: string): string => /^observe '([0-9a-f]+)'/m.exec(script)?.[1] ?? '';

/** A machine that answers what was recorded from one, with the token it was asked with. */
function replaying(name: string, change: (output: string) => string = (output) => output): Shell {
  const { answers, token } = recordedRaw(name);
  return {
    async runAsRoot(machine, script) {
      const recorded = answers[machine];
      if (!recorded?.reached)
        return answer({ reached: false, stderr: 'the connection was refused' });
      return answer({
        stdout: change(
          recorded.output.replaceAll(`@@halab-${token}`, `@@halab-${tokenIn(script)}`),
        ),
      });
    },
  };
}

const node1 = [machines[0] as Machine];
const seen = async (shell: Shell, options = {}): Promise<ReachableMachine> => {
  const { node1: machine } = (await observe(shell, node1, options)).machines;
  if (!machine?.reachable) throw new Error(`unreachable: ${machine?.reason}`);
  return machine;
};

describe('observe', () => {
  it('asks every machine once, and all at the same time', async () => {
    const asked: string[] = [];
    let release = (): void => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inner = replaying('two-online');
    const shell: Shell = {
      async runAsRoot(machine, script, options) {
        asked.push(machine);
        if (asked.length === machines.length) release();
        await all;
        return inner.runAsRoot(machine, script, options);
      },
    };
    const before = Date.now();
    const state = await observe(shell, machines);
    expect(asked.sort()).toEqual(['node1', 'node2', 'storage']);
    expect(Object.values(state.machines).every(({ reachable }) => reachable)).toBe(true);
    expect(state.observedAt).toBeGreaterThanOrEqual(before);
  });

  it('freezes the state to its depths', async () => {
    const machine = await seen(replaying('vip-started'));
    expect(Object.isFrozen(machine.cib?.resources[0]?.parameters)).toBe(true);
    expect(() => (machine.addresses as unknown[]).push(1)).toThrow(TypeError);
  });

  it('asks about further units', async () => {
    let script = '';
    const shell: Shell = {
      async runAsRoot(_, text) {
        script = text;
        return answer({});
      },
    };
    await observe(shell, node1, { units: ['smbd.service'] });
    expect(script).toContain("'smbd.service'");
    expect(script).toContain("'corosync.service'");
  });

  it.each<[string, Partial<ShellResult>, string]>([
    [
      'is off',
      { reached: false, stderr: 'the connection was refused\n' },
      'the connection was refused',
    ],
    ['says nothing', { reached: false }, 'it does not answer'],
    [
      'refuses sudo',
      { exitCode: 1, stderr: 'sudo: a password is required\n' },
      'nothing can be run on it as root: sudo: a password',
    ],
  ])('a machine that %s is unreachable, with the reason', async (_, result, reason) => {
    const shell: Shell = { runAsRoot: async () => answer(result) };
    expect((await observe(shell, node1)).machines.node1).toMatchObject({
      name: 'node1',
      reachable: false,
      reason: expect.stringContaining(reason),
    });
  });

  it('gives up on a machine that never answers', async () => {
    const shell: Shell = { runAsRoot: () => new Promise(() => {}) };
    expect((await observe(shell, node1, { timeout: 50 })).machines.node1).toEqual({
      name: 'node1',
      reachable: false,
      reason: 'no answer within 0.05 s',
    });
  });

  it('makes a part that cannot be read a problem, and keeps the rest', async () => {
    const machine = await seen(
      replaying('vip-started', (output) =>
        output.replace('<cib ', '<crib ').replace('[{"ifindex"', '{"'),
      ),
    );
    expect(machine.problems.map(({ part }) => part)).toEqual(['addresses', 'cib']);
    expect(machine.problems[1]?.message).toContain('broken XML');
    expect(machine).toMatchObject({
      cib: null,
      addresses: [],
      pacemaker: { dc: expect.any(String) },
    });
  });

  it('tells a command that was ended or failed', async () => {
    const machine = await seen(
      replaying('vip-started', (output) =>
        output.replace(/ crm_mon 0\n/, ' crm_mon 137\n').replace(/ quorum 0\n/, ' quorum 1\n'),
      ),
    );
    expect(machine.problems).toEqual([
      { part: 'corosync', message: expect.stringContaining('exit code 1: ') },
      { part: 'pacemaker', message: 'no answer in time' },
    ]);
    expect(machine).toMatchObject({
      corosync: null,
      pacemaker: null,
      cib: { version: expect.any(String) },
    });
  });

  it('tells that an answer breaks off', async () => {
    const machine = await seen(
      replaying('vip-started', (output) => output.slice(0, output.indexOf(' cib 0'))),
    );
    expect(machine.problems.at(-1)).toMatchObject({
      part: 'probe',
      message: expect.stringMatching(/breaks off after "(crm_mon|dc)"/),
    });
    expect(machine.cib).toBeNull();
  });
});

describe('the clock', () => {
  const raw = (start: number, end: number) => ({
    token: 't',
    observedAt: 0,
    answers: {
      node1: {
        reached: true,
        stderr: '',
        exitCode: 0,
        sentAt: 10_000,
        answeredAt: 11_000,
        output: `${start}\n@@halab-t clock.start 0\n${end}\n@@halab-t clock.end 0`,
      } as const,
    },
  });
  it.each([
    [10.2, 10.8, 0],
    [15.2, 15.8, 5000],
    [9.1, 9.7, -1100],
  ])('from %d to %d is %d ms ahead', (start, end, expected) => {
    expect(readObservation(raw(start, end)).machines.node1).toMatchObject({
      clockOffsetMs: expected,
    });
  });
});
