import { describe, expect, it } from 'vitest';
import { livesOn, type Pulse, parsePulse, readPulses } from '../../src/cluster/pulse.ts';
import type { Shell } from '../../src/lab/machine.ts';

/** As corosync-cmapctl 3.1.9 printed it on a node; the statistics that nobody reads are cut. */
const recorded = `stats.srp.mtt_rx_token (u32) = 574
stats.srp.operational_entered (u64) = 4
stats.srp.operational_token_lost (u64) = 1
stats.srp.orf_token_rx (u64) = 1600
stats.srp.time_since_token_last_received (u64) = 391
stats.srp.token_hold_cancel_rx (u64) = 24
alive
`;

const machine = { name: 'node1', role: 'node', ip: '192.168.56.11' } as const;
const pulse: Pulse = { ringsFormed: 4, tokenAge: 391, connections: ['0 Connected'] };

describe('parsePulse', () => {
  it('reads what a node prints', () => {
    expect(parsePulse(recorded)).toEqual({ ringsFormed: 4, tokenAge: 391, connections: [] });
  });

  it('reads DRBD, and does without corosync', () => {
    expect(parsePulse('drbd 0 Connected\ndrbd 1 StandAlone\nalive\n')).toEqual({
      ringsFormed: null,
      tokenAge: null,
      connections: ['0 Connected', '1 StandAlone'],
    });
  });

  it('does not take a broken-off answer for one without corosync', () => {
    expect(parsePulse('stats.srp.operational_entered (u64) = 4\n')).toBeNull();
    expect(parsePulse('')).toBeNull();
  });
});

describe('readPulses', () => {
  const shell = (reached: boolean, scripts: string[]): Shell => ({
    async runAsRoot(_machine, script) {
      scripts.push(script);
      return {
        reached,
        exitCode: reached ? 0 : null,
        stdout: recorded,
        stderr: '',
        milliseconds: 1,
      };
    },
  });

  it('sets the clock only when asked to', async () => {
    const scripts: string[] = [];
    await readPulses(shell(true, scripts), [machine]);
    await readPulses(shell(true, scripts), [machine], { setClocks: true });
    expect(scripts[0]).toMatch(/\npulse '' /);
    expect(scripts[1]).toMatch(/\npulse '\d{10}\.\d{3}' /);
  });

  it('has none of a machine that does not answer', async () => {
    expect(await readPulses(shell(false, []), [machine])).toEqual({ node1: null });
  });
});

describe('livesOn', () => {
  it('wants the same ring, and its token since the machine runs again', () => {
    expect(livesOn(pulse, { ...pulse, tokenAge: 900 }, 1000)).toBe(true);
    expect(livesOn(pulse, { ...pulse, tokenAge: 900 }, 800)).toBe(false);
    expect(livesOn(pulse, { ...pulse, ringsFormed: 5 }, 1000)).toBe(false);
    expect(livesOn(pulse, { ...pulse, ringsFormed: null, tokenAge: null }, 1000)).toBe(false);
  });

  it('wants the connections that DRBD had', () => {
    expect(livesOn(pulse, { ...pulse, connections: ['0 WFConnection'] }, 1000)).toBe(false);
    expect(livesOn(pulse, { ...pulse, connections: [] }, 1000)).toBe(false);
  });

  it('asks of a machine without corosync only that it answers', () => {
    const plain: Pulse = { ringsFormed: null, tokenAge: null, connections: [] };
    expect(livesOn(plain, plain, 0)).toBe(true);
    expect(livesOn(plain, null, 1000)).toBe(false);
  });
});
