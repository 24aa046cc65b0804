import { describe, expect, it } from 'vitest';
import { missingFrom, wholenessOf } from '../../src/cluster/whole.ts';
import { recordedState } from '../fixtures/load.ts';

describe('what holds together', () => {
  it('in a bare lab: the machines answer', () => {
    expect(wholenessOf(recordedState('bare'))).toEqual({
      answering: ['node1', 'node2', 'storage'],
      online: [],
      quorate: false,
      connected: [],
    });
  });

  it('in a cluster of two: both are online, with quorum', () => {
    expect(wholenessOf(recordedState('two-online'))).toMatchObject({
      online: ['node1', 'node2'],
      quorate: true,
    });
  });

  it('with DRBD: each side is connected to the other', () => {
    expect(wholenessOf(recordedState('drbd-promotable')).connected).toEqual([
      'node1 r0 peer',
      'node2 r0 peer',
    ]);
  });
});

describe('what is missing', () => {
  const healthy = wholenessOf(recordedState('vip-started'));

  it.each([
    ['vip-started', null],
    ['vip-on-node2', null],
    ['one-node-down', 'node2 does not answer yet.'],
    ['just-started', 'node1 does not see node1 online yet.'],
    ['corosync-only', 'node1 does not see node1 online yet.'],
    ['bare', 'node1 has no quorum yet.'],
    ['node2-pacemaker-stopped', 'node1 does not see node2 online yet.'],
  ])('%s', (name, reason) => {
    expect(missingFrom(healthy, recordedState(name))).toBe(reason);
  });

  it('nothing, when nothing held together before', () => {
    expect(missingFrom(wholenessOf(recordedState('bare')), recordedState('bare'))).toBeNull();
  });

  it('DRBD that was connected', () => {
    const connected = wholenessOf(recordedState('drbd-promotable'));
    expect(missingFrom(connected, recordedState('two-online'))).toBe(
      "DRBD's r0 on node1 is not connected yet.",
    );
  });
});
