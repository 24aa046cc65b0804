import { describe, expect, it } from 'vitest';
import type { ReachableMachine, RunningResource } from '../../src/cluster/state.ts';
import { recordedNames, recordedState } from '../fixtures/load.ts';

/** A machine of a recorded state, which must have answered. */
function on(machine: string, name: string): ReachableMachine {
  const found = recordedState(name).machines[machine];
  if (!found?.reachable) throw new Error(`${machine} did not answer in ${name}`);
  return found;
}
const vip = (name: string, machine = 'node1'): RunningResource | undefined =>
  on(machine, name).pacemaker?.resources.find(({ id }) => id === 'vip');
const hasVip = (machine: string, name: string): boolean =>
  on(machine, name).addresses.some(({ ip }) => ip === '192.168.56.100');

/** Recorded states in which some part rightly could not be read. */
const withProblems: Readonly<Record<string, string>> = {
  'corosync-conf-broken': 'corosyncConf',
};

describe('every recorded state', () => {
  it.each(recordedNames())('%s is read without a problem', (name) => {
    const { machines } = recordedState(name);
    expect(Object.keys(machines)).toEqual(['node1', 'node2', 'storage']);
    for (const machine of Object.values(machines)) {
      if (!machine.reachable) continue;
      expect(machine.hostname).toBe(machine.name);
      expect(machine.addresses.some(({ device }) => device === 'eth1')).toBe(true);
      expect(machine.mounts.some(({ target, type }) => target === '/' && type === 'ext4')).toBe(
        true,
      );
      expect(Object.keys(machine.units)).toContain('corosync.service');
      // The machines were slow when these were recorded.
      expect(Math.abs(machine.clockOffsetMs)).toBeLessThan(15_000);
      const parts = machine.problems.map(({ part }) => part);
      expect(parts.filter((part) => part !== withProblems[name])).toEqual([]);
    }
  });
});

describe('before there is a cluster', () => {
  it('nothing runs', () => {
    const machine = on('node1', 'bare');
    expect(machine).toMatchObject({
      corosync: null,
      corosyncConf: null,
      pacemaker: null,
      cib: null,
      drbd: [],
    });
    expect(machine.hosts.flatMap(({ names }) => names)).not.toContain('node2');
    expect(machine.units['corosync.service']).toEqual({
      load: 'loaded',
      active: 'inactive',
      sub: 'dead',
      enabled: 'disabled',
    });
  });

  it('hosts files are as written', () => {
    const ips = (name: string, host: string): string[] =>
      on('storage', name)
        .hosts.filter(({ names }) => names.includes(host))
        .map(({ ip }) => ip);
    expect(ips('hosts-right', 'node2')).toEqual(['192.168.56.12']);
    expect(ips('hosts-wrong-address', 'node2')).toEqual(['192.168.56.13']);
    expect(ips('hosts-duplicate', 'node1')).toEqual(['127.0.1.1', '192.168.56.11']);
    expect(ips('hosts-duplicate', 'node2')).toEqual(['192.168.56.12', '192.168.56.99']);
  });

  it('an address added by hand is seen on its machine alone', () => {
    expect([hasVip('node1', 'vip-by-hand'), hasVip('node2', 'vip-by-hand')]).toEqual([true, false]);
    expect(on('node1', 'vip-by-hand').pacemaker).toBeNull();
  });

  it('corosync.conf is read, and compared by its sum', () => {
    const conf = on('node1', 'corosync-conf-only').corosyncConf;
    expect(conf).toMatchObject({ clusterName: 'halab', twoNode: true, flaw: null });
    expect(conf?.nodes).toEqual([
      { name: 'node1', nodeId: 1, addresses: ['192.168.56.11'] },
      { name: 'node2', nodeId: 2, addresses: ['192.168.56.12'] },
    ]);
    expect(on('node2', 'corosync-conf-only').corosyncConf).toEqual(conf);
    const other = on('node2', 'corosync-conf-differs').corosyncConf;
    expect(other?.twoNode).toBe(false);
    expect(other?.sha256).not.toBe(conf?.sha256);
  });

  it('a corosync.conf that cannot be read is a problem, and its unit has failed', () => {
    const machine = on('node2', 'corosync-conf-broken');
    expect(machine.corosyncConf).toBeNull();
    expect(machine.problems).toEqual([
      { part: 'corosyncConf', message: expect.stringContaining('corosync.conf:2: ') },
    ]);
    expect(machine.units['corosync.service']?.active).toBe('failed');
  });
});

describe('a cluster', () => {
  it('has members before Pacemaker runs', () => {
    const { corosync, pacemaker, units } = on('node2', 'corosync-only');
    expect(corosync).toMatchObject({ nodeId: 2, quorate: true, expectedVotes: 2, totalVotes: 2 });
    expect(corosync?.flags).toContain('2Node');
    expect(corosync?.members.map(({ name }) => name)).toEqual(['node1', 'node2']);
    expect(units['corosync.service']).toMatchObject({ active: 'active', sub: 'running' });
    expect(pacemaker).toBeNull();
  });

  it('is at rest with a DC that says so', () => {
    const { dc, nodes, quorate } = on('node1', 'two-online').pacemaker ?? {};
    expect({ quorate, online: nodes?.map(({ name, online }) => [name, online]) }).toEqual({
      quorate: true,
      online: [
        ['node1', true],
        ['node2', true],
      ],
    });
    expect(on(dc ?? '', 'two-online').pacemaker?.dcState).toBe('S_IDLE');
    expect(on('node1', 'two-online').cib?.properties['stonith-enabled']).toBe('false');
    expect(on('node1', 'fencing-unset').cib?.properties).not.toHaveProperty('stonith-enabled');
  });

  it('shows standby and maintenance, with the attributes behind them', () => {
    const flags = (name: string): unknown => {
      const { pacemaker, cib } = on('node1', name);
      return pacemaker?.nodes.map((node) => [
        node.name,
        node.standby,
        node.maintenance,
        cib?.nodeAttributes[node.name]?.standby,
      ]);
    };
    expect(flags('node1-standby')).toEqual([
      ['node1', true, false, 'on'],
      ['node2', false, false, undefined],
    ]);
    expect(flags('node2-standby-until-reboot')).toEqual([
      ['node1', false, false, undefined],
      ['node2', true, false, 'on'],
    ]);
    expect(flags('node1-maintenance')).toEqual([
      ['node1', false, true, undefined],
      ['node2', false, false, undefined],
    ]);
  });

  it('holds its defaults and properties', () => {
    expect(on('node1', 'stickiness-set').cib?.resourceDefaults).toEqual({
      'resource-stickiness': '100',
    });
    expect(on('node1', 'no-quorum-policy-ignore').cib?.properties['no-quorum-policy']).toBe(
      'ignore',
    );
  });
});

describe('a virtual IP', () => {
  it('that is started is a resource, an address and a monitor', () => {
    const resource = vip('vip-started');
    expect(resource).toMatchObject({
      agent: 'ocf:heartbeat:IPaddr2',
      role: 'Started',
      managed: true,
      failed: false,
      targetRole: null,
    });
    expect(resource?.nodes).toHaveLength(1);
    expect(hasVip(resource?.nodes[0] ?? '', 'vip-started')).toBe(true);
    expect(on('node2', 'vip-started').cib?.resources).toEqual([
      {
        id: 'vip',
        kind: 'primitive',
        agent: 'ocf:heartbeat:IPaddr2',
        parameters: { ip: '192.168.56.100', cidr_netmask: '24' },
        meta: {},
        operations: [
          { name: 'monitor', interval: 10, timeout: 20, onFail: null, role: null, enabled: true },
        ],
        parent: null,
      },
    ]);
    expect(on('node1', 'vip-no-monitor').cib?.resources[0]?.operations).toEqual([]);
  });

  it('that is stopped on purpose says so in both views', () => {
    expect(vip('vip-resource-stopped')).toMatchObject({
      role: 'Stopped',
      targetRole: 'Stopped',
      active: false,
      nodes: [],
    });
    expect(on('node1', 'vip-resource-stopped').cib?.resources[0]?.meta).toEqual({
      'target-role': 'Stopped',
    });
    expect(vip('vip-disabled-but-address-by-hand')).toMatchObject({ role: 'Stopped' });
    expect(hasVip('node1', 'vip-disabled-but-address-by-hand')).toBe(true);
  });

  it('that failed is remembered with its fail count', () => {
    const { failures, failCounts } = on('node2', 'vip-failed').pacemaker ?? {};
    expect(failures).toEqual([
      expect.objectContaining({ resource: 'vip', operation: 'monitor', exitStatus: 'Not running' }),
    ]);
    expect(failCounts).toEqual([expect.objectContaining({ resource: 'vip', count: 1 })]);
    expect(vip('vip-failed')?.role).toBe('Started');
  });

  it('that could not start has an endless fail count and a reason', () => {
    const { failures, failCounts } = on('node1', 'vip-start-failed').pacemaker ?? {};
    expect(failures?.[0]).toMatchObject({
      resource: 'vip',
      operation: 'start',
      exitStatus: 'Not configured',
      exitReason: '[findif] failed',
    });
    expect(failCounts?.[0]?.count).toBe(Number.POSITIVE_INFINITY);
    expect(vip('vip-start-failed')?.role).toBe('Stopped');
    expect(vip('vip-fencing-unset')?.role).toBe('Stopped');
  });

  it('may be out of the cluster’s hands', () => {
    expect(vip('vip-unmanaged')).toMatchObject({
      managed: false,
      maintenance: false,
      role: 'Started',
    });
    expect(vip('vip-maintenance-mode')).toMatchObject({ managed: false, maintenance: true });
    expect(vip('node1-maintenance')).toMatchObject({ maintenance: true });
  });

  it('leaves constraints behind when it is moved by hand', () => {
    expect(on('node1', 'leftover-prefer').cib?.constraints).toEqual([
      expect.objectContaining({
        id: 'cli-prefer-vip',
        kind: 'location',
        attributes: expect.objectContaining({ rsc: 'vip', score: 'INFINITY' }),
      }),
    ]);
    const { cib, pacemaker } = on('node1', 'leftover-ban');
    const [ban] = pacemaker?.bans ?? [];
    expect(ban).toMatchObject({
      resource: 'vip',
      weight: Number.NEGATIVE_INFINITY,
      promotedOnly: false,
    });
    expect(cib?.constraints[0]?.id).toBe(`cli-ban-vip-on-${ban?.node}`);
    expect(vip('leftover-ban')?.nodes).not.toContain(ban?.node);
    expect(on('node1', 'vip-on-node2').cib?.constraints).toEqual([]);
    expect(vip('vip-on-node2')?.nodes).toEqual(['node2']);
  });

  it('may be in a group, or there twice', () => {
    expect(vip('vip-in-group')?.parents).toEqual([{ id: 'web', kind: 'group' }]);
    expect(
      on('node1', 'vip-in-group').cib?.resources.map(({ id, kind, parent }) => [id, kind, parent]),
    ).toEqual([
      ['web', 'group', null],
      ['vip', 'primitive', 'web'],
      ['dummy', 'primitive', 'web'],
    ]);
    expect(on('node1', 'vip-two-resources').pacemaker?.resources.map(({ id }) => id)).toEqual([
      'vip',
      'vip2',
    ]);
  });
});

describe('services', () => {
  it('that systemd started are seen as units, not as resources', () => {
    const { units, pacemaker } = on('node1', 'apache-started-outside');
    expect(units['apache2.service']).toMatchObject({ active: 'active', enabled: 'disabled' });
    expect(pacemaker?.resources.map(({ id }) => id)).toEqual(['vip']);
    expect(on('node1', 'apache-enabled').units['apache2.service']).toMatchObject({
      active: 'inactive',
      enabled: 'enabled',
    });
    expect(on('node2', 'apache-enabled').units['apache2.service']?.enabled).toBe('disabled');
  });

  it('may be bound to the virtual IP', () => {
    const { pacemaker, cib } = on('node1', 'apache-resource');
    const web = pacemaker?.resources.find(({ id }) => id === 'web');
    expect(web).toMatchObject({ agent: 'ocf:heartbeat:apache', role: 'Started' });
    expect(web?.nodes).toEqual(vip('apache-resource')?.nodes);
    expect(cib?.constraints.map(({ id, kind }) => [id, kind])).toEqual([
      ['web-with-vip', 'colocation'],
      ['vip-then-web', 'order'],
    ]);
  });
});

describe('a cluster in trouble', () => {
  it('sees a node that is gone as offline', () => {
    const { machines } = recordedState('one-node-down');
    expect(machines.node2).toEqual({
      name: 'node2',
      reachable: false,
      reason: expect.stringContaining('refused'),
    });
    const { corosync, pacemaker } = on('node1', 'one-node-down');
    expect(corosync?.members.map(({ name }) => name)).toEqual(['node1']);
    expect(corosync).toMatchObject({ quorate: true, expectedVotes: 2, totalVotes: 1 });
    expect(pacemaker?.nodes.map(({ name, online }) => [name, online])).toEqual([
      ['node1', true],
      ['node2', false],
    ]);
    expect(vip('one-node-down')?.nodes).toEqual(['node1']);
  });

  it('has no DC at first', () => {
    for (const machine of ['node1', 'node2']) {
      expect(on(machine, 'just-started').pacemaker).toMatchObject({
        dc: null,
        dcState: null,
        quorate: false,
      });
    }
    expect(on('node1', 'node2-joining').pacemaker?.dc).toBe('node1');
    expect(on('node2', 'node2-joining').pacemaker?.dc).toBeNull();
    expect(on('node2', 'node2-pacemaker-stopped')).toMatchObject({
      pacemaker: null,
      cib: null,
      corosync: { quorate: true },
    });
  });

  it('can be split: each side believes in itself, and has the address', () => {
    for (const machine of ['node1', 'node2']) {
      const { corosync, pacemaker } = on(machine, 'split-membership');
      expect(corosync).toMatchObject({ quorate: true, members: [{ name: machine }] });
      expect(pacemaker?.dc).toBe(machine);
      expect(hasVip(machine, 'split-membership')).toBe(true);
    }
    expect(vip('vip-on-both-nodes')).toMatchObject({
      nodes: ['node2', 'node1'],
      blocked: true,
      failed: true,
    });
  });

  it('blocks a resource that it cannot stop', () => {
    expect(vip('vip-stop-failed-blocked')).toMatchObject({
      role: 'Started',
      failed: true,
      blocked: true,
      managed: false,
    });
    expect(on('node1', 'vip-stop-failed-blocked').pacemaker?.failures[0]).toMatchObject({
      resource: 'vip',
      operation: 'stop',
    });
  });
});

describe('clones', () => {
  const instances = (name: string, id: string): unknown =>
    on('node1', name)
      .pacemaker?.resources.filter((resource) => resource.id === id)
      .map(({ role, nodes, parents }) => [role, nodes, parents[0]?.id]);

  it('have an instance a node', () => {
    expect(instances('cups-clone', 'cups')).toEqual([
      ['Started', ['node2'], 'cups-clone'],
      ['Started', ['node1'], 'cups-clone'],
    ]);
    expect(instances('clone-one-failed', 'cups')).toEqual([
      ['Started', ['node1'], 'cups-clone'],
      ['Stopped', [], 'cups-clone'],
    ]);
  });

  it('may have roles', () => {
    expect(instances('drbd-promotable', 'data')).toEqual([
      ['Promoted', ['node1'], 'data-clone'],
      ['Unpromoted', ['node2'], 'data-clone'],
    ]);
    const data = on('node1', 'drbd-promotable').cib?.resources.find(({ id }) => id === 'data');
    expect(
      data?.operations.map(({ name, role, interval }) => [name, role, interval]),
    ).toContainEqual(['monitor', 'Promoted', 29]);
  });
});

describe('DRBD 8.4', () => {
  const r0 = (machine: string, name: string): unknown => on(machine, name).drbd;
  const resource = (role: string, disk: string, peer: object): unknown => [
    {
      name: 'r0',
      generation: '8.4',
      role,
      volumes: [{ number: 0, disk }],
      peers: [{ name: 'peer', ...peer }],
    },
  ];
  const connected = (role: string, disk: string): object => ({
    connection: 'Connected',
    role,
    volumes: [{ number: 0, disk, replication: 'Established' }],
  });

  it('is Inconsistent on both sides when new, then UpToDate', () => {
    expect(r0('node1', 'drbd-new')).toEqual(
      resource('Secondary', 'Inconsistent', connected('Secondary', 'Inconsistent')),
    );
    expect(r0('node1', 'drbd-two-nodes')).toEqual(
      resource('Primary', 'UpToDate', connected('Secondary', 'UpToDate')),
    );
    expect(r0('node2', 'drbd-two-nodes')).toEqual(
      resource('Secondary', 'UpToDate', connected('Primary', 'UpToDate')),
    );
    expect(r0('storage', 'drbd-two-nodes')).toEqual([]);
  });

  it('shows a side that waits for its peer', () => {
    expect(r0('node2', 'drbd-standalone')).toMatchObject(
      resource('Secondary', 'UpToDate', { connection: 'Connecting', role: 'Unknown' }) as object,
    );
  });
});
