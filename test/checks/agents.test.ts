import { describe, expect, it } from 'vitest';
import { unitsOf } from '../../src/checks/agents.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { recordedState } from '../fixtures/load.ts';
import { bothViews, on, varied, verdictOn } from './varied.ts';

/** The same service under another agent, and one machine under another name. */

type Case = [what: string, state: ClusterState, check: object, passed: boolean, evidence: string];
const judged = (cases: Case[]): void =>
  it.each(cases)('%s', (_, state, check, passed, evidence) => {
    const verdict = verdictOn(state, check);
    expect(verdict.evidence).toBe(evidence);
    expect(verdict.passed).toBe(passed);
  });

/** A resource of the cluster under another agent, and its unit active where the cluster runs it. */
const under = (name: string, id: string, agent: string, unit: string): ClusterState =>
  varied(name, (draft) => {
    bothViews(draft, (status, cib) => {
      for (const one of [...status.resources, ...cib.resources])
        if (one.id === id) one.agent = agent;
    });
    for (const machine of ['node1', 'node2']) {
      const runs = on(draft, machine).pacemaker?.resources.some(
        (one) => one.id === id && one.active && one.nodes.includes(machine),
      );
      on(draft, machine).units[unit] = {
        load: 'loaded',
        active: runs === true ? 'active' : 'inactive',
        sub: runs === true ? 'running' : 'dead',
        enabled: 'disabled',
      };
    }
  });

const apache = { resource: { agent: 'ocf:heartbeat:apache', started: 'once' } };
const cups = { resource: { agent: 'systemd:cups', started: 'on every node' } };

describe('a service that the cluster runs under another agent', () => {
  judged([
    [
      'systemd:apache2 for ocf:heartbeat:apache',
      under('apache-resource', 'web', 'systemd:apache2', 'apache2.service'),
      apache,
      false,
      'The cluster has no resource ocf:heartbeat:apache. web is one of systemd:apache2.',
    ],
    [
      'service:apache2 for ocf:heartbeat:apache',
      under('apache-resource', 'web', 'service:apache2', 'apache2.service'),
      apache,
      false,
      'The cluster has no resource ocf:heartbeat:apache. web is one of service:apache2.',
    ],
    [
      'systemd:cups.service is systemd:cups',
      under('cups-clone', 'cups', 'systemd:cups.service', 'cups.service'),
      cups,
      true,
      'cups is started on node2 and node1, managed and watched.',
    ],
    [
      'systemd:cups is systemd:cups.service',
      under('cups-clone', 'cups', 'systemd:cups', 'cups.service'),
      { resource: { ...cups.resource, agent: 'systemd:cups.service' } },
      true,
      'cups is started on node2 and node1, managed and watched.',
    ],
    [
      'service:cups for systemd:cups',
      under('cups-clone', 'cups', 'service:cups', 'cups.service'),
      cups,
      false,
      'The cluster has no resource systemd:cups. cups is one of service:cups.',
    ],
    [
      'systemd:srv-web.mount for a Filesystem',
      under('apache-resource', 'web', 'systemd:srv-web.mount', 'srv-web.mount'),
      {
        resource: {
          agent: 'ocf:heartbeat:Filesystem',
          with: { directory: '/srv/web/' },
          started: 'once',
        },
      },
      false,
      'The cluster has no resource ocf:heartbeat:Filesystem. web is one of systemd:srv-web.mount.',
    ],
    [
      'a mount unit by its own name',
      under('apache-resource', 'web', 'systemd:srv-web.mount', 'srv-web.mount'),
      { resource: { agent: 'systemd:srv-web.mount', started: 'once' } },
      true,
      'web is started on node1, managed and watched.',
    ],
  ]);

  it('and started by systemd on the other node, where the cluster does not run it', () => {
    const state = varied('apache-resource', (draft) => {
      bothViews(draft, (status, cib) => {
        for (const one of [...status.resources, ...cib.resources])
          if (one.id === 'web') one.agent = 'systemd:apache2';
      });
      for (const machine of ['node1', 'node2'])
        Object.assign(on(draft, machine).units['apache2.service'] ?? {}, { active: 'active' });
    });
    expect(verdictOn(state, apache).evidence).toBe(
      'The cluster has no resource ocf:heartbeat:apache. web is one of systemd:apache2. systemd started apache2.service on node2, outside the cluster: it would not follow a failover.',
    );
  });

  it('whose unit has a name that systemd escapes', () => {
    expect(unitsOf('ocf:heartbeat:Filesystem', { directory: '/srv/my-data' })).toEqual([
      'srv-my\\x2ddata.mount',
    ]);
    expect(unitsOf('ocf:heartbeat:Filesystem', { directory: '/' })).toEqual(['-.mount']);
  });
});

const ip = '192.168.56.100';
const nic = (device: string): ClusterState =>
  varied('vip-started', (draft) => {
    bothViews(draft, (_, cib) => {
      for (const { id, parameters } of cib.resources)
        if (id === 'vip') Object.assign(parameters, { nic: device });
    });
    for (const address of on(draft, 'node1').addresses)
      if (address.ip === ip) address.device = device;
  });
const started = {
  resource: { agent: 'ocf:heartbeat:IPaddr2', with: { ip }, started: 'once' },
};
const managed = { address: { ip, on: 'one-node', managed: true } };
const elsewhere = (device: string): string =>
  `which does not lead to the cluster network: no client is told where it is. The network is on ${device}.`;

describe('a virtual address', () => {
  judged([
    [
      'on lo (nic=lo): the resource',
      nic('lo'),
      started,
      false,
      `vip puts the address on lo (nic), ${elsewhere('eth1')}`,
    ],
    [
      'on lo (nic=lo): the address',
      nic('lo'),
      managed,
      false,
      `node1 has ${ip} on lo, ${elsewhere('eth1')}`,
    ],
    [
      'on the network of ssh (nic=eth0)',
      nic('eth0'),
      started,
      false,
      `vip puts the address on eth0 (nic), ${elsewhere('eth1')}`,
    ],
    [
      'on the right device by name',
      nic('eth1'),
      started,
      true,
      'vip is started on node1, managed and watched.',
    ],
    [
      'on lo by hand',
      varied('vip-by-hand-and-cluster-running', (draft) => {
        for (const address of on(draft, 'node1').addresses)
          if (address.ip === ip) address.device = 'lo';
      }),
      { address: { ip, on: 'node1', managed: false } },
      false,
      `node1 has ${ip} on lo, ${elsewhere('eth1')}`,
    ],
  ]);
});

const device = (source: string): ClusterState =>
  varied('nfs-mount-done', (draft) => {
    bothViews(draft, (_, cib) => {
      for (const { agent, parameters } of cib.resources)
        if (agent === 'ocf:heartbeat:Filesystem') Object.assign(parameters, { device: source });
    });
    for (const name of ['node1', 'node2'])
      for (const mount of on(draft, name).mounts)
        if (mount.target === '/srv/web') mount.source = source;
  });
const files = {
  resource: {
    agent: 'ocf:heartbeat:Filesystem',
    with: { device: 'storage:/srv/export', directory: '/srv/web' },
    started: 'once',
  },
};
const mounted = {
  mount: { target: '/srv/web', source: 'storage:/srv/export', on: 'one-node', managed: true },
};

describe('one machine by another name', () => {
  for (const source of [
    'storage:/srv/export',
    '192.168.56.13:/srv/export',
    'storage:/srv/export/',
    '192.168.56.13:/srv//export/',
    'Storage:/srv/export',
  ]) {
    it(`${source} is storage:/srv/export`, () => {
      expect(verdictOn(device(source), files)).toMatchObject({ passed: true });
      expect(verdictOn(device(source), mounted)).toMatchObject({ passed: true });
    });
  }

  it('by a name of its own in /etc/hosts', () => {
    const state = device('nas:/srv/export');
    expect(verdictOn(state, files)).toMatchObject({ passed: false });
    const known = structuredClone(state) as ClusterState;
    for (const name of ['node1', 'node2'])
      on(known as never, name).hosts.push({ ip: '192.168.56.13', names: ['nas.lan', 'nas'] });
    expect(verdictOn(known, files)).toMatchObject({ passed: true });
    expect(verdictOn(known, mounted)).toMatchObject({ passed: true });
  });

  it.each(['192.168.56.12:/srv/export', 'node1:/srv/export', '192.168.56.13:/srv/other'])(
    '%s is not',
    (source) => {
      expect(verdictOn(device(source), files).evidence).toContain(
        `device is ${source}, not storage:/srv/export`,
      );
      expect(verdictOn(device(source), mounted).evidence).toContain(`mounted from ${source}`);
    },
  );
});

describe('an export', () => {
  const exported = (client: string, path = '/srv/export'): ClusterState =>
    varied('vip-started', (draft) => {
      on(draft, 'storage').exports.push({ path, client, options: ['rw'] });
    });
  const to = (client: string) => ({
    exported: { path: '/srv/export', to: client, options: ['rw'], on: 'storage' },
  });
  it.each([
    ['192.168.56.0/255.255.255.0', '192.168.56.0/24', true],
    ['192.168.56.0/24', '192.168.56.0/255.255.255.0', true],
    ['192.168.56.11/24', '192.168.56.0/24', true],
    ['192.168.56.0/255.255.0.0', '192.168.56.0/24', false],
    ['192.168.56.0/255.0.255.0', '192.168.56.0/24', false],
    ['192.168.56.0/25', '192.168.56.0/24', false],
    ['192.168.56.11', 'node1', true],
    ['node1', '192.168.56.11/32', true],
    ['node2', 'node1', false],
    ['*', '192.168.56.0/24', false],
  ])('to %s counts as one to %s: %s', (client, wanted, passed) => {
    expect(verdictOn(exported(client), to(wanted)).passed).toBe(passed);
  });

  it('of a directory with a slash at its end', () => {
    expect(verdictOn(exported('*', '/srv/export/'), to('*')).passed).toBe(true);
  });

  it('by a resource, whose clientspec may be written either way', () => {
    const state = varied('nfs-export-done', (draft) =>
      bothViews(draft, (_, cib) => {
        for (const { agent, parameters } of cib.resources)
          if (agent === 'ocf:heartbeat:exportfs')
            Object.assign(parameters, { clientspec: '192.168.56.0/255.255.255.0' });
      }),
    );
    const check = {
      resource: {
        agent: 'ocf:heartbeat:exportfs',
        with: { clientspec: '192.168.56.0/24' },
        started: 'once',
      },
    };
    expect(verdictOn(state, check).passed).toBe(true);
  });
});

it('a recorded state is judged as before', () => {
  expect(verdictOn(recordedState('apache-started-outside'), apache).evidence).toContain(
    'systemd started apache2.service on node1, outside the cluster',
  );
});
