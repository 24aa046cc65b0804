import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { beginScript, endScript, faultKind, faultNames, isInside } from '../../src/faults/kinds.ts';
import { defaultTarget, managesUnit } from '../../src/faults/run.ts';
import { recordedState } from '../fixtures/load.ts';

const scene = { device: 'eth1', unit: "it's.service", agent: '/agent' };
const inside = faultNames.filter((name) => isInside(faultKind(name).how));

describe('scripts of faults', () => {
  it.each(inside)('%s is valid bash', (name) => {
    for (const script of [beginScript(name, scene, 60), endScript(name, scene)])
      execFileSync('bash', ['-n'], { input: script });
  });

  it('arm the timer before they break anything, and only when it is to end by itself', () => {
    const script = beginScript('block', scene, 120);
    expect(script.indexOf('--on-active=120')).toBeGreaterThan(0);
    expect(script.indexOf('--on-active=120')).toBeLessThan(script.indexOf('nft -f'));
    expect(beginScript('stop-service', scene, null)).not.toContain('systemd-run');
  });

  it('take what they are told as words, whatever is in it', () => {
    const out = execFileSync('bash', ['-s'], {
      input: beginScript('stop-service', scene, null).replace('systemctl stop', 'echo'),
      encoding: 'utf8',
    });
    expect(out).toBe("it's.service\n");
  });

  it('last for a time only when they cut the network, hang or fill: the way back needs no halab', () => {
    for (const name of ['hang', 'unplug', 'block', 'block-in', 'block-out', 'fill-disk'] as const)
      expect(faultKind(name).lasts, name).toBeGreaterThan(0);
  });
});

describe('the machine that a fault hits', () => {
  const nodes = ['node1', 'node2'];
  it.each([
    ['vip-on-node2', 'node2'],
    ['vip-started', 'node1'],
    ['bare', 'node1'],
  ])('%s: %s', (state, machine) => {
    expect(defaultTarget(recordedState(state), nodes)).toBe(machine);
  });
});

describe('a service that the cluster manages', () => {
  it('is known by its unit', () => {
    const state = recordedState('cups-clone');
    expect(managesUnit(state, 'cups.service')).toBe(true);
    expect(managesUnit(state, 'apache2.service')).toBe(false);
    expect(managesUnit(state, 'cups.socket')).toBe(false);
  });
});
