import { describe, expect, it } from 'vitest';
import { checkSchema, findActiveNode } from '../../src/checks/index.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { machines, recordedState } from '../fixtures/load.ts';
import { bothViews, cutOff, type Draft, on, varied, verdictOn, viewOf } from './varied.ts';

const ip = '192.168.56.100';
const agent = 'ocf:heartbeat:IPaddr2';
const vip = { agent, with: { ip } };
const started = { resource: { ...vip, started: 'once', monitor: true } };
const managed = { address: { ip, on: 'one-node', managed: true } };
const byHand = { address: { ip, on: 'node1', managed: false } };
const apache = { resource: { agent: 'ocf:heartbeat:apache', started: 'once' } };
const online = { online: { nodes: 'all', dc: true } };
const member = { membership: { nodes: 'all', quorate: true } };
const conf = { 'corosync-conf': { nodes: ['node1', 'node2'], 'two-node': true } };
const node2IsKnown = { hosts: { name: 'node2', ip: '192.168.56.12', on: 'all' } };
const stickiness = { 'resource-default': { name: 'resource-stickiness', 'at-least': 1 } };

type Recorded = [state: string, check: object, evidence: string];

describe('what is right passes', () => {
  const right: Recorded[] = [
    [
      'hosts-right',
      node2IsKnown,
      '/etc/hosts on node1, node2 and storage says that node2 is 192.168.56.12.',
    ],
    ['bare', { address: { ip, on: 'nowhere' } }, 'No machine has 192.168.56.100.'],
    ['vip-by-hand-and-cluster-running', byHand, 'node1 has 192.168.56.100 on eth1, added by hand.'],
    ['vip-started', { address: { ip, on: 'node1' } }, 'node1 has 192.168.56.100 on eth1.'],
    ['corosync-conf-only', conf, 'corosync.conf is the same on node1 and node2'],
    ['corosync-only', member, 'Corosync on node1 and node2 sees node1 and node2, with quorum.'],
    ['two-online', online, 'Online: node1 and node2. The DC is node2.'],
    ['node1-standby', { standby: { nodes: 'one' } }, 'In standby: node1.'],
    ['node1-standby', { standby: { nodes: ['node1'] } }, 'In standby: node1.'],
    ['node2-standby-until-reboot', { standby: { nodes: ['node2'] } }, 'In standby: node2.'],
    ['two-online', { standby: { nodes: 'none' } }, 'No node is in standby.'],
    [
      'two-online',
      { property: { name: 'stonith-enabled', is: false } },
      'stonith-enabled is false.',
    ],
    [
      'two-online',
      { property: { name: 'stonith-enabled', is: 'off' } },
      'stonith-enabled is false.',
    ],
    ['stickiness-set', stickiness, 'The resource default resource-stickiness is 100.'],
    ['stickiness-set', { 'resource-default': { name: 'resource-stickiness', is: 100 } }, 'is 100.'],
    [
      'stickiness-set',
      { resource: { ...vip, started: 'once', meta: { 'resource-stickiness': 100 } } },
      'vip is started on node2',
    ],
    [
      'apache-enabled',
      { unit: { name: 'apache2', active: false, on: 'nodes' } },
      'apache2.service does not run on node1 and node2.',
    ],
    [
      'apache-enabled',
      { unit: { name: 'apache2', enabled: true, on: 'node1' } },
      'starts at boot on node1.',
    ],
    [
      'apache-started-outside',
      { unit: { name: 'apache2.service', active: true, on: ['node1'] } },
      'apache2.service runs on node1.',
    ],
    ['vip-started', started, 'vip is started on node1, managed and watched.'],
    ['vip-started', managed, 'node1 has 192.168.56.100 on eth1, put there by vip.'],
    [
      'vip-started',
      { resource: { ...vip, started: 'once', on: 'node1', 'monitor-at-most': 10 } },
      'vip is started on node1',
    ],
    [
      'vip-started',
      { resource: { agent, with: { ip, cidr_netmask: '255.255.255.0' }, started: 'once' } },
      'vip is started on node1',
    ],
    [
      'vip-started',
      { resource: { agent, with: { ip, nic: 'eth1' }, started: 'once' } },
      'vip is started on node1',
    ],
    ['vip-in-group', started, 'vip is started on node1'],
    ['vip-in-group', managed, 'put there by vip.'],
    ['vip-on-node2', started, 'vip is started on node2'],
    [
      'vip-no-monitor',
      { resource: { ...vip, started: 'once', monitor: false } },
      'vip is started on node1, managed.',
    ],
    ['node1-standby', started, 'vip is started on node2'],
    ['apache-resource', apache, 'web is started on node1'],
    ['one-node-down', started, 'vip is started on node1, managed and watched.'],
    ['one-node-down', managed, 'node1 has 192.168.56.100 on eth1, put there by vip.'],
    [
      'one-node-down',
      { online: { nodes: ['node1'], dc: true } },
      'Online: node1. The DC is node1.',
    ],
    [
      'one-node-down',
      { membership: { nodes: ['node1'], quorate: true } },
      'Corosync on node1 sees node1, with quorum.',
    ],
    ['node2-pacemaker-stopped', started, 'vip is started on node1'],
    ['vip-started', { 'no-leftovers': vip }, 'No constraint, ban or failure is left of vip.'],
  ];
  it.each(right)('%s: %j', (name, check, evidence) => {
    const verdict = verdictOn(recordedState(name), check);
    expect(verdict).toMatchObject({ passed: true, evidence: expect.stringContaining(evidence) });
  });
});

describe('what is wrong fails, with the reason', () => {
  const wrong: Recorded[] = [
    ['bare', node2IsKnown, '/etc/hosts on node1 has no line for node2.'],
    [
      'hosts-wrong-address',
      node2IsKnown,
      '/etc/hosts on node1 says that node2 is 192.168.56.13, not 192.168.56.12.',
    ],
    ['hosts-duplicate', node2IsKnown, ', besides 192.168.56.12: remove that name there.'],
    [
      'hosts-duplicate',
      { hosts: { name: 'node1', ip: '192.168.56.11', on: 'node1' } },
      'says that node1 is 127.0.1.1, besides 192.168.56.11',
    ],
    [
      'vip-by-hand-and-cluster-running',
      { address: { ip, on: 'nowhere' } },
      '192.168.56.100 is still on node1 (eth1).',
    ],
    [
      'vip-by-hand-and-cluster-running',
      { address: { ip, on: 'node2', managed: false } },
      '192.168.56.100 is on node1 (eth1), not on node2.',
    ],
    [
      'vip-started',
      byHand,
      'but the cluster resource vip is there for it. Here node1 is to get it by hand',
    ],
    ['bare', conf, 'node1 has no /etc/corosync/corosync.conf.'],
    [
      'corosync-conf-only',
      { 'corosync-conf': { nodes: ['node1'] } },
      'corosync.conf on node1 also names node2.',
    ],
    [
      'corosync-conf-only',
      { 'corosync-conf': { nodes: ['node1', 'node2'], 'two-node': false } },
      'sets two_node',
    ],
    [
      'corosync-conf-only',
      member,
      'Corosync does not run on node1 (corosync.service is inactive).',
    ],
    [
      'corosync-only',
      { membership: { nodes: 'all', quorate: false } },
      'Corosync on node1 has quorum: 2 of 2 votes.',
    ],
    [
      'corosync-only',
      { membership: { nodes: ['node1'], quorate: true } },
      'Corosync on node1 also sees node2.',
    ],
    ['corosync-only', online, 'Pacemaker does not run on node1 and node2, or does not answer yet.'],
    ['node1-standby', online, 'node1 is in standby: it runs no resources.'],
    ['node1-maintenance', online, 'node1 is in maintenance mode'],
    ['two-online', { standby: { nodes: 'one' } }, 'No node is in standby.'],
    ['node1-standby', { standby: { nodes: 'none' } }, 'In standby: node1.'],
    [
      'fencing-unset',
      { property: { name: 'stonith-enabled', is: false } },
      'stonith-enabled is not set, so its default holds.',
    ],
    [
      'two-online',
      { property: { name: 'stonith-enabled', is: true } },
      'stonith-enabled is false, not true.',
    ],
    [
      'no-quorum-policy-ignore',
      { property: { name: 'no-quorum-policy', is: 'stop' } },
      'no-quorum-policy is ignore, not stop.',
    ],
    ['vip-started', stickiness, 'No resource default is set for resource-stickiness.'],
    [
      'stickiness-set',
      { 'resource-default': { name: 'resource-stickiness', 'at-least': 200 } },
      'resource-stickiness is 100, not at least 200.',
    ],
    [
      'apache-enabled',
      { unit: { name: 'apache2', enabled: false, on: 'nodes' } },
      'On node1 apache2.service is enabled: it starts at boot.',
    ],
    [
      'two-online',
      { unit: { name: 'apache2', active: true, on: 'node1' } },
      'On node1 apache2.service is inactive.',
    ],
    [
      'two-online',
      { unit: { name: 'apache2', enabled: true, on: 'node1' } },
      'is disabled: it does not start at boot.',
    ],
    [
      'two-online',
      { unit: { name: 'never-asked', active: false, on: 'node1' } },
      'The state of never-asked.service on node1 is not known.',
    ],
    ['two-online', started, 'The cluster has no resource ocf:heartbeat:IPaddr2.'],
    ['bare', started, 'Pacemaker does not run on node1 and node2'],
    ['two-online', { 'no-leftovers': vip }, 'The cluster has no such resource'],
    [
      'vip-started',
      { resource: { ...vip, started: 'once', on: 'node2' } },
      'vip is started on node1, not on node2.',
    ],
    [
      'vip-started',
      { resource: { ...vip, started: 'on every node' } },
      'vip is started on node1, not on node2.',
    ],
    [
      'vip-started',
      { resource: { ...vip, started: 'once', 'monitor-at-most': 5 } },
      'runs every 10 s; it should run at least every 5 s.',
    ],
    [
      'vip-started',
      { resource: { ...vip, started: 'once', meta: { 'resource-stickiness': 100 } } },
      'vip does not set resource-stickiness; it should be 100.',
    ],
    [
      'vip-started',
      { resource: { agent, with: { ip, cidr_netmask: 32 }, started: 'once' } },
      'vip: cidr_netmask is 24, not 32.',
    ],
    [
      'vip-start-failed',
      started,
      'No resource ocf:heartbeat:IPaddr2 fits. vip: ip is 192.168.56.300, not 192.168.56.100.',
    ],
    [
      'vip-start-failed',
      { resource: { agent, started: 'once' } },
      'vip is not started: its start failed on node',
    ],
    [
      'vip-fencing-unset',
      started,
      'Fencing is on and there is no fence device, so the cluster starts nothing.',
    ],
    [
      'just-started',
      online,
      'Pacemaker runs, but has no DC yet (the first election takes about 20 s).',
    ],
    ['just-started', started, 'Pacemaker runs, but has no DC yet'],
    ['one-node-down', online, 'Is it powered off? See: halab status.'],
    ['one-node-down', member, 'node2 cannot be reached ('],
    [
      'one-node-down',
      { 'corosync-conf': { nodes: ['node1', 'node2'] } },
      'node2 cannot be reached (',
    ],
    ['one-node-down', { address: { ip, on: 'node2' } }, 'node2 cannot be reached ('],
    [
      'node2-back-not-started',
      member,
      'Corosync on node1 sees only node1. Is Corosync started on node2, with the same corosync.conf, and the link between them up?',
    ],
    [
      'node2-back-not-started',
      online,
      'node2 is offline to Pacemaker. Is Pacemaker started there?',
    ],
    [
      'node2-pacemaker-stopped',
      online,
      'node2 is offline to Pacemaker. Is Pacemaker started there?',
    ],
    [
      'node2-joining',
      online,
      'node2 is still joining: its Pacemaker has not found the others yet.',
    ],
    [
      'clone-one-failed',
      { resource: { agent: 'systemd:cups', started: 'on every node' } },
      'cups is started on node1, not on node2: its start failed on node2 (No DBus object found',
    ],
    [
      'split-membership',
      online,
      'The cluster has come apart: node1 has node1 as its DC, node2 has node2. Is the link between them cut?',
    ],
    ['split-membership', started, 'The cluster has come apart'],
    [
      'split-membership',
      managed,
      'is on node1 (eth1) and node2 (eth1) at once: two machines answer for one address',
    ],
    ['split-membership', member, 'Corosync on node1 sees only node1.'],
    [
      'vip-on-both-nodes',
      started,
      'vip is blocked: its stop failed on node1 (Resource agent did not complete within 20s), and the cluster cannot go on safely without fencing.',
    ],
    [
      'vip-on-both-nodes',
      { 'no-leftovers': vip },
      'a failure that keeps it away for good of vip on node1.',
    ],
    [
      'vip-failed',
      { 'no-leftovers': vip },
      'Pacemaker remembers 1 failure of vip on node1. Once the cause is mended: crm_resource --cleanup',
    ],
    [
      'leftover-ban',
      { 'no-leftovers': vip },
      'The constraint cli-ban-vip-on-node2 was left by a manual move: it keeps vip from node2 for good.',
    ],
    [
      'leftover-prefer',
      { 'no-leftovers': vip },
      'The constraint cli-prefer-vip was left by a manual move: it ties vip to node2 for good.',
    ],
  ];
  it.each(wrong)('%s: %j', (name, check, evidence) => {
    const verdict = verdictOn(recordedState(name), check);
    expect(verdict).toMatchObject({ passed: false, evidence: expect.stringContaining(evidence) });
  });
});

describe('a fake is refused', () => {
  const fakes: Recorded[] = [
    [
      'vip-by-hand-and-cluster-running',
      managed,
      'node1 has 192.168.56.100 on eth1, but no cluster resource manages it: an address added by hand stays behind when the node dies.',
    ],
    [
      'vip-by-hand-and-cluster-running',
      started,
      'The cluster has no resource ocf:heartbeat:IPaddr2.',
    ],
    [
      'vip-disabled-but-address-by-hand',
      managed,
      'but the cluster did not put it there. vip is stopped on purpose (target-role=Stopped): it is configured, but disabled. The address was added by hand.',
    ],
    [
      'vip-disabled-but-address-by-hand',
      started,
      'vip is stopped on purpose (target-role=Stopped)',
    ],
    ['vip-resource-stopped', started, 'vip is stopped on purpose (target-role=Stopped)'],
    ['vip-resource-stopped', managed, 'No machine that answers has 192.168.56.100.'],
    [
      'vip-unmanaged',
      started,
      'vip is unmanaged (is-managed=false): the cluster would leave it alone whatever happens.',
    ],
    ['vip-unmanaged', managed, 'put there by vip. But: vip is unmanaged (is-managed=false)'],
    [
      'vip-maintenance-mode',
      started,
      'The whole cluster is in maintenance mode (maintenance-mode)',
    ],
    ['vip-maintenance-mode', managed, 'But: The whole cluster is in maintenance mode'],
    ['node1-maintenance', started, 'node1, on which vip runs, is in maintenance mode'],
    ['vip-no-monitor', started, 'vip has no monitor operation: nobody would notice if it broke.'],
    [
      'vip-two-resources',
      started,
      'vip and vip2 are resources for the same thing, and would fight over it: keep one.',
    ],
    ['vip-two-resources', managed, 'two resources fight over it, vip and vip2: keep one.'],
    [
      'apache-started-outside',
      apache,
      'The cluster has no resource ocf:heartbeat:apache. systemd started apache2.service on node1, outside the cluster: it would not follow a failover.',
    ],
  ];
  it.each(fakes)('%s: %j', (name, check, evidence) => {
    const verdict = verdictOn(recordedState(name), check);
    expect(verdict).toMatchObject({ passed: false, evidence: expect.stringContaining(evidence) });
  });
});

type Variation = [
  what: string,
  of: string,
  edit: (draft: Draft<ClusterState>) => void,
  check: object,
  evidence: string,
];

/** What crm_mon and the CIB say of vip, on both nodes. */
const eachVip =
  (
    edit: (
      instance: Draft<ReturnType<typeof instanceIn>>,
      primitive: Draft<ReturnType<typeof primitiveIn>>,
    ) => void,
  ) =>
  (draft: Draft<ClusterState>): void =>
    bothViews(draft, (status, cib) => edit(instanceIn(status), primitiveIn(cib)));

function instanceIn(status: ReturnType<typeof viewOf>['status']) {
  const found = status.resources.find(({ id }) => id === 'vip');
  if (found === undefined) throw new Error('no vip');
  return found;
}

function primitiveIn(cib: ReturnType<typeof viewOf>['cib']) {
  const found = cib.resources.find(({ id }) => id === 'vip');
  if (found === undefined) throw new Error('no vip');
  return found;
}

const addAddress = (draft: Draft<ClusterState>, name: string, device = 'eth1'): void =>
  void on(draft, name).addresses.push({ device, ip, prefix: 24, family: 'inet' });

describe('variations of recorded states (not recorded themselves): refused', () => {
  const variations: Variation[] = [
    [
      'a failed resource',
      'vip-started',
      eachVip((instance) => {
        instance.failed = true;
      }),
      started,
      'vip has failed. See: crm_mon -1.',
    ],
    [
      'an orphan of the same agent',
      'vip-started',
      (draft) =>
        bothViews(draft, (status, cib) => {
          instanceIn(status).orphaned = true;
          cib.resources = [];
        }),
      started,
      'vip still runs, but is orphaned: it is no longer in the configuration.',
    ],
    [
      'maintenance of the resource alone',
      'vip-started',
      eachVip((instance) => {
        instance.maintenance = true;
        instance.managed = false;
      }),
      started,
      'vip is in maintenance mode: the cluster does not look after it.',
    ],
    [
      'a disabled monitor',
      'vip-started',
      eachVip((_, { operations }) => {
        for (const operation of operations) operation.enabled = false;
      }),
      started,
      'The monitor of vip never runs: it is disabled (enabled=false).',
    ],
    [
      'a monitor of interval 0',
      'vip-started',
      eachVip((_, { operations }) => {
        for (const operation of operations) operation.interval = 0;
      }),
      started,
      'The monitor of vip never runs: its interval is 0.',
    ],
    [
      'a monitor for the role Stopped alone',
      'vip-started',
      eachVip((_, { operations }) => {
        for (const operation of operations) operation.role = 'Stopped';
      }),
      started,
      'has no monitor operation',
    ],
    [
      'a monitor whose findings are ignored',
      'vip-started',
      eachVip((_, { operations }) => {
        for (const operation of operations) operation.onFail = 'ignore';
      }),
      started,
      'the cluster ignores what it finds (on-fail=ignore).',
    ],
    [
      'a monitor whose findings are ignored by the operation defaults',
      'vip-started',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.operationDefaults = { 'on-fail': 'Ignore' };
        }),
      started,
      'the cluster ignores what it finds (on-fail=ignore).',
    ],
    [
      'two monitors of one interval',
      'vip-started',
      eachVip((_, { operations }) => {
        const monitor = operations.find(({ name }) => name === 'monitor');
        if (monitor) operations.push({ ...monitor, timeout: 90 });
      }),
      started,
      'The monitor of vip never runs: it has two with the interval 10 s, and Pacemaker runs neither of them.',
    ],
    [
      'another agent under the same parameters',
      'vip-started',
      eachVip((instance, primitive) => {
        primitive.agent = 'ocf:pacemaker:Dummy';
        instance.agent = 'ocf:pacemaker:Dummy';
      }),
      started,
      'The cluster has no resource ocf:heartbeat:IPaddr2. vip is one of ocf:pacemaker:Dummy.',
    ],
    [
      'a Dummy with the address as a parameter',
      'vip-started',
      eachVip((instance, primitive) => {
        primitive.agent = 'ocf:pacemaker:Dummy';
        instance.agent = 'ocf:pacemaker:Dummy';
      }),
      managed,
      'vip has that ip, but its agent ocf:pacemaker:Dummy sets up no address.',
    ],
    [
      'a clone where one is wanted',
      'vip-started',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.resources.push({
            id: 'vip-clone',
            kind: 'clone',
            agent: '',
            parameters: {},
            meta: {},
            operations: [],
            parent: null,
          });
          primitiveIn(cib).parent = 'vip-clone';
        }),
      started,
      'vip is cloned (vip-clone), so it may run on every node at once; one node alone may run it.',
    ],
    [
      'active on two nodes',
      'vip-started',
      eachVip((instance) => {
        instance.nodes = ['node1', 'node2'];
      }),
      started,
      'vip is started on node1 and node2 at once',
    ],
    [
      'still starting',
      'vip-started',
      eachVip((instance) => {
        instance.pending = 'Starting';
      }),
      started,
      'vip is still starting.',
    ],
    [
      'the cluster stops everything',
      'vip-started',
      (draft) =>
        bothViews(draft, (status, cib) => {
          cib.properties['stop-all-resources'] = 'true';
          Object.assign(instanceIn(status), { role: 'Stopped', active: false, nodes: [] });
        }),
      started,
      'the cluster property stop-all-resources stops everything.',
    ],
    [
      'configured, and nowhere started',
      'vip-started',
      (draft) =>
        bothViews(draft, (status) => {
          Object.assign(instanceIn(status), { role: 'Stopped', active: false, nodes: [] });
        }),
      started,
      'vip is configured, but not started anywhere.',
    ],
    [
      'no quorum',
      'vip-started',
      (draft) =>
        bothViews(draft, (status) => {
          status.quorate = false;
          Object.assign(instanceIn(status), { role: 'Stopped', active: false, nodes: [] });
        }),
      started,
      'vip is not started: the cluster has no quorum.',
    ],
    ...(
      [
        [
          'both nodes in standby',
          (status) => {
            for (const node of status.nodes) node.standby = true;
          },
          'vip is not started: node1 and node2 in standby, and no other node online.',
        ],
        [
          'no quorum',
          (status) => {
            status.quorate = false;
          },
          'vip is not started: the cluster has no quorum.',
        ],
        [
          'fencing without a device',
          (status, cib) => {
            cib.properties['stonith-enabled'] = 'true';
            status.options['stonith-enabled'] = 'true';
          },
          'vip is not started. Fencing is on and there is no fence device, so the cluster starts nothing.',
        ],
        [
          'nothing else, so that the failure is the reason',
          (status) => {
            status.quorate = false;
            status.options['no-quorum-policy'] = 'ignore';
          },
          'vip is not started: its monitor failed on node1 (',
        ],
      ] as [string, Parameters<typeof bothViews>[1], string][]
    ).map(
      ([what, edit, evidence]): Variation => [
        `one old monitor failure, and now ${what}`,
        'vip-failed',
        (draft) =>
          bothViews(draft, (status, cib) => {
            Object.assign(instanceIn(status), { role: 'Stopped', active: false, nodes: [] });
            edit(status, cib);
          }),
        started,
        evidence,
      ],
    ),
    [
      'blocked by on-fail=block of its monitor',
      'vip-failed',
      (draft) =>
        bothViews(draft, (status, cib) => {
          Object.assign(instanceIn(status), { blocked: true, managed: false, failed: true });
          for (const one of primitiveIn(cib).operations)
            if (one.name === 'monitor') one.onFail = 'block';
        }),
      started,
      'and on-fail=block tells the cluster to leave it alone then. Once the cause is mended: crm_resource --cleanup --resource vip.',
    ],
    [
      'blocked by on-fail=block in the operation defaults',
      'vip-failed',
      (draft) =>
        bothViews(draft, (status, cib) => {
          Object.assign(instanceIn(status), { blocked: true, managed: false, failed: true });
          cib.operationDefaults = { 'on-fail': 'block' };
        }),
      started,
      'vip is blocked: its monitor failed on node1 (',
    ],
    [
      'blocked by multiple-active=block',
      'vip-started',
      (draft) =>
        bothViews(draft, (status, cib) => {
          Object.assign(instanceIn(status), {
            blocked: true,
            managed: false,
            nodes: ['node1', 'node2'],
          });
          primitiveIn(cib).meta['multiple-active'] = 'block';
        }),
      started,
      'vip is blocked: it is active on node1 and node2 at once, and multiple-active=block tells the cluster to touch none of them.',
    ],
    [
      'blocked with its group, of which another member is active twice',
      'vip-in-group',
      (draft) =>
        bothViews(draft, (status, cib) => {
          Object.assign(instanceIn(status), { blocked: true, managed: false });
          for (const one of status.resources)
            if (one.id === 'dummy') one.nodes = ['node1', 'node2'];
          for (const one of cib.resources)
            if (one.kind === 'group') one.meta['multiple-active'] = 'block';
        }),
      started,
      'vip is blocked: dummy is active on node1 and node2 at once, and multiple-active=block',
    ],
    [
      'blocked by a stop that failed, with fencing on and no device',
      'vip-on-both-nodes',
      (draft) =>
        bothViews(draft, (status) => {
          status.options['stonith-enabled'] = 'true';
        }),
      started,
      'and the cluster cannot go on safely without a fence device.',
    ],
    [
      'blocked by a lost ticket',
      'vip-started',
      (draft) =>
        bothViews(draft, (status, cib) => {
          Object.assign(instanceIn(status), { blocked: true, managed: false });
          cib.constraints.push({
            id: 't',
            kind: 'ticket',
            attributes: { rsc: 'vip', ticket: 'site-a', 'loss-policy': 'freeze' },
            sets: [],
            hasRules: false,
          });
        }),
      started,
      'vip is blocked: the ticket site-a is not granted, and loss-policy=freeze (t) leaves it as it is.',
    ],
    [
      'blocked, and nothing tells why',
      'vip-started',
      eachVip((instance) => {
        Object.assign(instance, { blocked: true, managed: false });
      }),
      started,
      'vip is blocked: the cluster does not touch it any more. What happened, tells: crm_mon -1rf.',
    ],
    [
      'a property by a name that this Pacemaker does not know',
      'fencing-unset',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.properties['fencing-enabled'] = 'false';
        }),
      { property: { name: 'stonith-enabled', is: false } },
      'fencing-enabled is false, but this Pacemaker (3.0.0-3.0.0) does not know that name, which came with 3.0.2: set stonith-enabled. What is in force is stonith-enabled=true (crm_mon).',
    ],
    [
      'a property by both names, of which this Pacemaker knows the old one',
      'two-online',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.properties['fencing-enabled'] = 'true';
        }),
      { property: { name: 'stonith-enabled', is: true } },
      'stonith-enabled is false, not true.',
    ],
    [
      'a property that is set, and not in force',
      'two-online',
      (draft) =>
        bothViews(draft, (status) => {
          status.options['stonith-enabled'] = 'true';
        }),
      { property: { name: 'stonith-enabled', is: false } },
      'stonith-enabled is set to false. What is in force is stonith-enabled=true (crm_mon).',
    ],
    [
      'the address on the other node, by hand',
      'vip-resource-stopped',
      (draft) => {
        bothViews(draft, (status) => {
          Object.assign(instanceIn(status), {
            role: 'Started',
            active: true,
            targetRole: null,
            nodes: ['node1'],
          });
        });
        addAddress(draft, 'node2');
      },
      managed,
      'but vip is started on node1: the address on node2 was added by hand.',
    ],
    [
      'the address on two machines',
      'vip-started',
      (draft) => addAddress(draft, 'node2'),
      managed,
      'is on node1 (eth1) and node2 (eth1) at once: two machines answer for one address',
    ],
    [
      'the address twice on one node',
      'vip-started',
      (draft) => addAddress(draft, 'node1', 'eth0'),
      managed,
      'node1 has 192.168.56.100 more than once: on eth1 and eth0.',
    ],
    [
      'the address on storage',
      'two-online',
      (draft) => addAddress(draft, 'storage'),
      managed,
      'is on storage (eth1), which is no node of the cluster.',
    ],
    [
      'Pacemaker too busy to answer',
      'vip-started',
      (draft) => {
        for (const name of ['node1', 'node2'])
          Object.assign(on(draft, name), {
            pacemaker: null,
            cib: null,
            problems: [{ part: 'cib', message: 'no answer in time' }],
          });
      },
      managed,
      'Whether the cluster put it there is not known. Pacemaker on node1 could not be read: no answer in time.',
    ],
    [
      'by hand, and Pacemaker too busy to deny it',
      'vip-started',
      (draft) => {
        for (const name of ['node1', 'node2'])
          Object.assign(on(draft, name), { pacemaker: null, cib: null });
      },
      byHand,
      'Whether the cluster put it there is not known',
    ],
    [
      'apache by the cluster and by systemd',
      'apache-resource',
      (draft) => {
        Object.assign(on(draft, 'node2').units['apache2.service'] ?? {}, {
          active: 'active',
          sub: 'running',
        });
      },
      apache,
      'web is started, but: systemd started apache2.service on node2, outside the cluster',
    ],

    [
      'a cut-off node that still runs it',
      'vip-started',
      (draft) => {
        const cut = viewOf(draft, 'node1').status;
        Object.assign(cut, { dc: 'node1', quorate: false });
        instanceIn(viewOf(draft, 'node2').status).nodes = ['node2'];
      },
      started,
      'node2 and node1 both claim to run vip: the cluster has come apart.',
    ],
    [
      'one cluster, two opinions',
      'vip-started',
      (draft) => {
        instanceIn(viewOf(draft, 'node1').status).nodes = ['node2'];
      },
      started,
      'The nodes do not agree: node2 sees vip on node1, node1 on node2.',
    ],
    [
      'one cluster, two configurations',
      'vip-started',
      (draft) => {
        viewOf(draft, 'node1').cib.version = '0.99.0';
      },
      started,
      'do not have the same configuration (CIB 0.99.0',
    ],
    [
      'two opinions on the DC',
      'two-online',
      (draft) => {
        viewOf(draft, 'node1').status.dc = null;
      },
      online,
      'The nodes do not agree on one DC',
    ],

    [
      'its node has just died, and the cluster has not noticed',
      'vip-on-node2',
      (draft) => cutOff(draft, 'node2'),
      started,
      'node1 takes vip to be started on node2, but node2 cannot be reached (no answer within 10 s).',
    ],
    [
      'its node is unclean',
      'vip-on-node2',
      (draft) =>
        bothViews(draft, (status) => {
          for (const node of status.nodes) node.unclean = node.name === 'node2';
        }),
      started,
      'vip was last seen on node2, which is unclean.',
    ],
    [
      'an unclean node',
      'two-online',
      (draft) =>
        bothViews(draft, (status) => {
          for (const node of status.nodes) node.unclean = node.name === 'node1';
        }),
      online,
      'node1 is UNCLEAN',
    ],
    [
      'a pending node',
      'two-online',
      (draft) =>
        bothViews(draft, (status) => {
          for (const node of status.nodes) node.pending = node.name === 'node1';
        }),
      online,
      'node1 is still joining (pending).',
    ],
    [
      'all machines powered off',
      'vip-started',
      (draft) => {
        for (const name of Object.keys(draft.machines)) cutOff(draft, name);
      },
      started,
      'No node can be reached. See: halab status.',
    ],
    [
      'nowhere, while a machine is silent',
      'bare',
      (draft) => cutOff(draft, 'storage'),
      { address: { ip, on: 'nowhere' } },
      'storage cannot be reached, so it may still have 192.168.56.100.',
    ],

    [
      'corosync.conf with other addresses',
      'corosync-conf-only',
      (draft) => {
        const node = on(draft, 'node1').corosyncConf?.nodes[1];
        if (node) node.addresses = ['10.0.2.15'];
      },
      conf,
      'corosync.conf on node1 gives node2 the address 10.0.2.15; on the cluster network it is 192.168.56.12.',
    ],
    [
      'corosync.conf with a name that means another address',
      'corosync-conf-only',
      (draft) => {
        const machine = on(draft, 'node1');
        machine.hosts = [{ ip: '127.0.1.1', names: ['node1'] }];
        const node = machine.corosyncConf?.nodes[0];
        if (node) node.addresses = ['node1'];
      },
      conf,
      'gives node1 the address node1 (127.0.1.1 by /etc/hosts)',
    ],
    [
      'corosync.conf that differs',
      'corosync-conf-only',
      (draft) => {
        const found = on(draft, 'node2').corosyncConf;
        if (found) found.sha256 = '0';
      },
      conf,
      'corosync.conf differs between node1 and node2.',
    ],
    [
      'corosync.conf without two_node',
      'corosync-conf-only',
      (draft) => {
        const found = on(draft, 'node1').corosyncConf;
        if (found) found.twoNode = false;
      },
      conf,
      'does not set "two_node: 1" in its quorum section',
    ],
    [
      'corosync.conf with one nodeid on both nodes',
      'corosync-conf-only',
      (draft) => {
        for (const name of ['node1', 'node2']) {
          const found = on(draft, name).corosyncConf;
          if (found) found.flaw = 'is refused by Corosync: "Nodeid 1 appears twice"';
        }
      },
      conf,
      'corosync.conf on node1 is refused by Corosync: "Nodeid 1 appears twice".',
    ],
    [
      'corosync.conf with a node block copied whole',
      'corosync-conf-only',
      (draft) => {
        const nodes = on(draft, 'node1').corosyncConf?.nodes;
        if (nodes?.[1]) nodes.push({ ...nodes[1], nodeId: 3 });
      },
      conf,
      'corosync.conf on node1 has two nodes with the name node2.',
    ],
    [
      'corosync.conf that is none',
      'corosync-conf-only',
      (draft) => {
        Object.assign(on(draft, 'node1'), {
          corosyncConf: null,
          problems: [{ part: 'corosyncConf', message: 'line 3: a "}" without its "{"' }],
        });
      },
      conf,
      'corosync.conf on node1 cannot be read: line 3',
    ],
    [
      'a ban that is no manual move',
      'vip-started',
      (draft) =>
        bothViews(draft, (status) => {
          status.bans.push({
            id: 'my-rule',
            resource: 'vip',
            node: 'node2',
            weight: Number.NEGATIVE_INFINITY,
            promotedOnly: false,
          });
        }),
      { 'no-leftovers': vip },
      'The constraint my-rule bans vip from node2.',
    ],
    [
      'a fatal failure',
      'vip-started',
      (draft) =>
        bothViews(draft, (status) => {
          status.failCounts.push({
            resource: 'vip',
            node: 'node2',
            count: Number.POSITIVE_INFINITY,
          });
        }),
      { 'no-leftovers': vip },
      'Pacemaker remembers a failure that keeps it away for good of vip on node2.',
    ],
    [
      'a group that was moved',
      'vip-in-group',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.constraints.push({
            id: 'cli-prefer-web',
            kind: 'location',
            attributes: { rsc: 'web', node: 'node1' },
            sets: [],
            hasRules: false,
          });
        }),
      { 'no-leftovers': vip },
      'crm_resource --clear --resource web.',
    ],
  ];
  it.each(variations)('%s', (_, name, edit, check, evidence) => {
    const verdict = verdictOn(varied(name, edit), check);
    expect(verdict).toMatchObject({ passed: false, evidence: expect.stringContaining(evidence) });
  });
});

describe('variations of recorded states (not recorded themselves): accepted', () => {
  const variations: Variation[] = [
    [
      'whatever the resource is called',
      'vip-started',
      eachVip((instance, primitive) => {
        instance.id = 'my-own';
        primitive.id = 'my-own';
      }),
      started,
      'my-own is started on node1',
    ],
    [
      'the netmask not set',
      'vip-started',
      eachVip((_, primitive) => {
        primitive.parameters = { ip };
      }),
      { resource: { agent, with: { ip, cidr_netmask: 24, nic: 'eth1' }, started: 'once' } },
      'vip is started on node1',
    ],
    [
      'a property by its new name, of a Pacemaker that knows it',
      'two-online',
      (draft) =>
        bothViews(draft, (status, cib) => {
          status.version = '3.0.2-1.fc44';
          cib.properties = { 'stonith-enabled': 'true', 'fencing-enabled': 'false' };
        }),
      { property: { name: 'stonith-enabled', is: false } },
      'stonith-enabled is false.',
    ],
    [
      'enabled=false in the operation defaults, which disables nothing',
      'vip-started',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.operationDefaults = { enabled: 'false' };
        }),
      started,
      'vip is started on node1, managed and watched.',
    ],
    [
      'findings that are ignored by default, but not those of this monitor',
      'vip-started',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.operationDefaults = { 'on-fail': 'ignore' };
          for (const operation of primitiveIn(cib).operations) operation.onFail = 'restart';
        }),
      started,
      'vip is started on node1, managed and watched.',
    ],
    [
      'a clone that runs once',
      'vip-started',
      (draft) =>
        bothViews(draft, (_, cib) => {
          cib.resources.push({
            id: 'vip-clone',
            kind: 'clone',
            agent: '',
            parameters: {},
            meta: { 'clone-max': '1' },
            operations: [],
            parent: null,
          });
          primitiveIn(cib).parent = 'vip-clone';
        }),
      started,
      'vip is started on node1',
    ],
    [
      'a clone on every node',
      'vip-started',
      (draft) =>
        bothViews(draft, (status, cib) => {
          cib.resources.push({
            id: 'vip-clone',
            kind: 'clone',
            agent: '',
            parameters: {},
            meta: {},
            operations: [],
            parent: null,
          });
          primitiveIn(cib).parent = 'vip-clone';
          status.resources.push({ ...instanceIn(status), nodes: ['node2'] });
        }),
      { resource: { ...vip, started: 'on every node' } },
      'vip is started on node1 and node2',
    ],
    [
      'a cut-off node without quorum that runs nothing',
      'vip-started',
      (draft) => {
        const cut = viewOf(draft, 'node2').status;
        Object.assign(cut, { dc: 'node2', quorate: false });
        Object.assign(instanceIn(cut), { nodes: [], active: false, role: 'Stopped' });
        viewOf(draft, 'node1').status.dc = 'node1';
      },
      started,
      'vip is started on node1',
    ],
    [
      'by hand, without any cluster',
      'bare',
      (draft) => addAddress(draft, 'node1'),
      byHand,
      'node1 has 192.168.56.100 on eth1, added by hand.',
    ],
    [
      'names in corosync.conf that mean the right addresses',
      'corosync-conf-only',
      (draft) => {
        for (const name of ['node1', 'node2']) {
          const machine = on(draft, name);
          machine.hosts = machines.map((other) => ({ ip: other.ip, names: [other.name] }));
          for (const node of machine.corosyncConf?.nodes ?? []) node.addresses = [node.name];
        }
      },
      conf,
      'corosync.conf is the same',
    ],
    [
      'members listed by address',
      'corosync-only',
      (draft) => {
        for (const name of ['node1', 'node2']) {
          for (const member of on(draft, name).corosync?.members ?? []) {
            member.name = `192.168.56.1${member.nodeId}`;
          }
        }
      },
      member,
      'sees node1 and node2',
    ],
  ];
  it.each(variations)('%s', (_, name, edit, check, evidence) => {
    const verdict = verdictOn(varied(name, edit), check);
    expect(verdict).toMatchObject({ passed: true, evidence: expect.stringContaining(evidence) });
  });
});

describe('findActiveNode', () => {
  it('finds the node that runs the resource', () => {
    expect(findActiveNode(vip, recordedState('vip-started'), machines)).toEqual({ node: 'node1' });
    expect(findActiveNode(vip, recordedState('vip-on-node2'), machines)).toEqual({ node: 'node2' });
    const none = { node: null, why: expect.stringMatching(/^No node runs a resource ocf:/) };
    expect(findActiveNode(vip, recordedState('two-online'), machines)).toEqual(none);
    expect(findActiveNode(vip, recordedState('vip-resource-stopped'), machines)).toEqual(none);
  });

  it('says why it cannot tell, where the cluster does not say', () => {
    expect(findActiveNode(vip, recordedState('bare'), machines)).toEqual({
      node: null,
      why: expect.not.stringMatching(/No node runs/),
    });
  });
});

describe('a check', () => {
  const unsound: [string, object][] = [
    ['two kinds', { standby: { nodes: 'one' }, ...managed }],
    ['none', { machines: 3 }],
    ['an unknown machine', { unit: { name: 'apache2', active: true, on: 'node3' } }],
    ['an unknown key', { standby: { nodes: 'one', node: 'node1' } }],
    ['no address', { address: { ip: '192.168.56', on: 'nowhere' } }],
    ['neither active nor enabled', { unit: { name: 'apache2', on: 'node1' } }],
    ['both is and at-least', { 'resource-default': { name: 'x', is: 1, 'at-least': 1 } }],
  ];
  it.each(unsound)('is refused with %s', (_, check) => {
    expect(checkSchema.safeParse(check).success).toBe(false);
  });
});
