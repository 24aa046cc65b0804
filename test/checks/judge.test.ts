import { describe, expect, it } from 'vitest';
import { type CheckSpec, checkSchema, findActiveNode, judge } from '../../src/checks/index.ts';
import { machines, recordedState } from '../fixtures/load.ts';

const ip = '192.168.56.100';
const vip = { agent: 'ocf:heartbeat:IPaddr2', with: { ip } };
const started = { resource: { ...vip, started: 'once', monitor: true } };
const managed = { address: { ip, on: 'one-node', managed: true } };

/** [recorded state, check, whether it passes, what the evidence must say] */
const cases: [string, object, boolean, string][] = [
  ['hosts-right', { hosts: { name: 'node2', ip: '192.168.56.12', on: 'all' } }, true, 'know node2 as 192.168.56.12'],
  ['bare', { hosts: { name: 'node2', ip: '192.168.56.12', on: 'all' } }, false, 'has no line for node2'],
  ['hosts-wrong-address', { hosts: { name: 'node2', ip: '192.168.56.12', on: 'all' } }, false, 'says that node2 is'],
  ['hosts-duplicate', { hosts: { name: 'node2', ip: '192.168.56.12', on: 'all' } }, false, 'besides 192.168.56.12: remove that line'],

  ['bare', { address: { ip, on: 'nowhere' } }, true, 'No machine has'],
  ['vip-by-hand', { address: { ip, on: 'nowhere' } }, false, 'is still on node1 (eth1)'],
  ['vip-by-hand', { address: { ip, on: 'node1', managed: false } }, true, 'added by hand'],
  ['vip-by-hand', { address: { ip, on: 'node2', managed: false } }, false, 'not on node2'],
  ['vip-started', { address: { ip, on: 'one-node', managed: false } }, false, 'manages it'],

  ['bare', { 'corosync-conf': { nodes: ['node1', 'node2'], 'two-node': true } }, false, 'node1 has no /etc/corosync/corosync.conf'],
  ['corosync-conf-only', { 'corosync-conf': { nodes: ['node1', 'node2'], 'two-node': true } }, true, 'the same corosync.conf'],
  ['corosync-conf-only', { membership: { nodes: 'all', quorate: true } }, false, 'Corosync does not run on node1'],
  ['corosync-only', { membership: { nodes: 'all', quorate: true } }, true, 'quorate'],
  ['corosync-only', { online: { nodes: 'all', dc: true } }, false, 'Pacemaker does not run on node1 and node2'],
  ['one-node-down', { membership: { nodes: 'all', quorate: true } }, false, 'node2 cannot be reached'],

  ['two-online', { online: { nodes: 'all', dc: true } }, true, 'is the DC'],
  ['just-started', { online: { nodes: 'all', dc: true } }, false, ''],
  ['node1-standby', { online: { nodes: 'all', dc: true } }, false, 'node1 is in standby'],
  ['one-node-down', { online: { nodes: 'all', dc: true } }, false, 'node2'],
  ['node1-standby', { standby: { nodes: 'one' } }, true, 'In standby: node1'],
  ['two-online', { standby: { nodes: 'one' } }, false, 'No node is in standby'],
  ['node1-standby', { standby: { nodes: 'none' } }, false, 'In standby: node1'],

  ['fencing-unset', { property: { name: 'stonith-enabled', is: false } }, false, 'is not set, so its default holds'],
  ['vip-started', { property: { name: 'stonith-enabled', is: false } }, true, 'stonith-enabled is false'],
  ['stickiness-set', { 'resource-default': { name: 'resource-stickiness', 'at-least': 1 } }, true, 'resource-stickiness'],
  ['vip-started', { 'resource-default': { name: 'resource-stickiness', 'at-least': 1 } }, false, 'No default is set'],

  ['vip-started', started, true, 'is started on node1'],
  ['vip-started', managed, true, 'put there by'],
  ['vip-in-group', started, true, 'is started on'],
  ['vip-in-group', managed, true, 'put there by'],
  ['vip-on-node2', started, true, 'is started on node2'],
  ['two-online', started, false, 'The cluster has no resource ocf:heartbeat:IPaddr2'],
  // The fakes.
  ['vip-by-hand', managed, false, 'no cluster resource manages it: an address added by hand stays where it is when its node dies'],
  ['vip-by-hand-and-cluster-running', managed, false, 'no cluster resource manages it'],
  ['vip-by-hand-and-cluster-running', started, false, 'The cluster has no resource'],
  ['vip-disabled-but-address-by-hand', managed, false, 'The address was added by hand'],
  ['vip-disabled-but-address-by-hand', started, false, 'is stopped on purpose (target-role=Stopped)'],
  ['vip-resource-stopped', started, false, 'is stopped on purpose (target-role=Stopped)'],
  ['vip-resource-stopped', managed, false, 'No machine that answers has'],
  ['vip-failed', { 'no-leftovers': vip }, false, 'Pacemaker remembers'],
  ['vip-start-failed', { resource: { agent: 'ocf:heartbeat:IPaddr2', started: 'once' } }, false, 'failed on'],
  ['vip-unmanaged', started, false, 'is unmanaged'],
  ['vip-unmanaged', managed, false, 'is unmanaged'],
  ['vip-maintenance-mode', started, false, 'maintenance mode'],
  ['vip-no-monitor', started, false, 'has no monitor operation'],
  ['vip-two-resources', started, false, 'They would fight over it'],
  ['leftover-ban', { 'no-leftovers': vip }, false, 'cli-ban'],
  ['leftover-prefer', { 'no-leftovers': vip }, false, 'cli-prefer'],
  ['vip-started', { 'no-leftovers': vip }, true, 'No constraint, ban or failure'],
  ['apache-started-outside', { resource: { agent: 'ocf:heartbeat:apache', started: 'once' } }, false, 'systemd started apache2.service on node1, outside the cluster'],
  ['apache-started-outside', { unit: { name: 'apache2', active: true, on: 'node1' } }, true, 'apache2.service runs'],
  ['two-online', { unit: { name: 'apache2', active: true, on: 'node1' } }, false, 'apache2.service is inactive'],
];

describe('judge, on states recorded from real machines', () => {
  it.each(cases)('%s: %j is %s', (name, check, passed, evidence) => {
    const spec: CheckSpec = checkSchema.parse(check);
    const verdict = judge(spec, recordedState(name), machines);
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
    expect(verdict.evidence).toMatch(/^[A-Z/a-z0-9].*\.$/s);
  });

  it('finds the active node', () => {
    expect(findActiveNode(vip, recordedState('vip-started'), machines)).toBe('node1');
    expect(findActiveNode(vip, recordedState('vip-on-node2'), machines)).toBe('node2');
    expect(findActiveNode(vip, recordedState('two-online'), machines)).toBeNull();
  });

  it('does not let a check have two kinds, or none', () => {
    expect(checkSchema.safeParse({ standby: { nodes: 'one' }, ...managed }).success).toBe(false);
    expect(checkSchema.safeParse({ machines: 3 }).success).toBe(false);
  });
});
