import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { on, varied } from '../checks/varied.ts';
import { recordedState } from '../fixtures/load.ts';

describe('the audits', () => {
  it.each([
    'bare',
    'two-online',
    'vip-started',
    'vip-on-node2',
    'one-node-down',
    'node1-standby',
    'drbd-promotable',
    'cups-clone',
  ])('hold: %s', (name) => {
    expect(audit(recordedState(name), 'eth1')).toEqual([]);
  });

  it('find an address on two machines (recorded)', () => {
    expect(audit(recordedState('vip-on-both-nodes'), 'eth1')).toContain(
      'The address 192.168.56.100 is on node1 and node2.',
    );
  });

  it('find a resource that is active twice (a variation of vip-started)', () => {
    const state = varied('vip-started', (draft) => {
      const vip = on(draft, 'node2').pacemaker?.resources[0];
      if (vip === undefined) throw new Error('no resource');
      vip.nodes = ['node2'];
    });
    expect(audit(state, 'eth1')).toContain('The resource vip is active on node1 and node2.');
  });

  it('find two versions of the CIB in one cluster (a variation of two-online)', () => {
    const state = varied('two-online', (draft) => {
      const { cib } = on(draft, 'node1');
      if (cib === null) throw new Error('no CIB');
      cib.version = '0.99.0';
    });
    expect(audit(state, 'eth1').join()).toMatch(/The CIB is 0\.99\.0 on node1 and /);
  });

  it.each([
    { totalVotes: 2, quorate: false, flags: ['2Node'], expected: 'has all 2 votes and no quorum' },
    { totalVotes: 1, quorate: true, flags: ['Quorate'], expected: 'has quorum with 1 of 2 votes' },
  ])('find a quorum that cannot be (variations of two-online): $expected', (wrong) => {
    const { expected, ...change } = wrong;
    const state = varied('two-online', (draft) => {
      Object.assign(on(draft, 'node1').corosync ?? {}, change);
    });
    expect(audit(state, 'eth1').join()).toContain(expected);
  });

  it('find DRBD that has diverged (a variation of drbd-promotable)', () => {
    const state = varied('drbd-promotable', (draft) => {
      const peer = on(draft, 'node1').drbd[0]?.peers[0];
      if (peer === undefined) throw new Error('no peer');
      peer.connection = 'StandAlone';
    });
    expect(audit(state, 'eth1')).toEqual([
      "DRBD's r0 on node1 is StandAlone: the two sides have diverged.",
    ]);
  });
});
