// biome-ignore-all lint/suspicious/noThenProperty: the lessons' and the CIB's own word; no object here is awaited
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkSchema, questionsOf } from '../../src/checks/index.ts';
import { wrongTurns } from '../../src/checks/wrong-turns.ts';
import type { CibConstraint, ClusterState } from '../../src/cluster/state.ts';
import { machines, recordedState } from '../fixtures/load.ts';
import { bothViews, cutOff, on, varied, verdictOn } from './varied.ts';

const vip = { agent: 'ocf:heartbeat:IPaddr2', with: { ip: '192.168.56.100' } };
const dummy = { agent: 'ocf:pacemaker:Dummy' };
const disk = { agent: 'ocf:linbit:drbd' };

type Case = [state: string, check: object, evidence: string];

const passes = (cases: Case[]): void =>
  it.each(cases)('%s: %j', (name, check, evidence) => {
    const verdict = verdictOn(recordedState(name), check);
    expect(verdict).toMatchObject({ passed: true });
    expect(verdict.evidence).toContain(evidence);
  });
const fails = (cases: Case[]): void =>
  it.each(cases)('%s: %j', (name, check, evidence) => {
    const verdict = verdictOn(recordedState(name), check);
    expect(verdict).toMatchObject({ passed: false });
    expect(verdict.evidence).toContain(evidence);
  });

describe('drbd', () => {
  describe('what is right', () => {
    passes([
      ['drbd-two-nodes', { drbd: { connected: true, disk: 'UpToDate' } }, 'primary on node1'],
      ['drbd-two-nodes', { drbd: { primary: 'one-node' } }, 'the disks are UpToDate.'],
      ['drbd-two-nodes', { drbd: { primary: 'node1' } }, 'primary on node1'],
      ['drbd-new', { drbd: { connected: true, primary: 'none' } }, 'primary nowhere'],
      ['drbd-standalone', { drbd: { connected: false } }, 'primary on node1'],
    ]);
  });

  describe('what is wrong', () => {
    fails([
      ['drbd-new', { drbd: { disk: 'UpToDate' } }, 'Inconsistent, not UpToDate (not synced'],
      ['drbd-standalone', { drbd: { connected: true } }, 'is not connected with its peer'],
      ['drbd-two-nodes', { drbd: { connected: false } }, 'is connected with its peer'],
      ['drbd-two-nodes', { drbd: { primary: 'node2' } }, 'DRBD is primary on node1.'],
      ['drbd-two-nodes', { drbd: { primary: 'none' } }, 'DRBD is primary on node1.'],
      ['vip-started', { drbd: { connected: true } }, 'DRBD has no resource up on node1.'],
    ]);
  });

  it('leaves a node that is gone out of account', () => {
    const state = varied('drbd-two-nodes', (draft) => cutOff(draft, 'node2'));
    expect(verdictOn(state, { drbd: { primary: 'one-node' } }).passed).toBe(true);
  });
});

describe('promoted', () => {
  passes([['drbd-promotable', { promoted: { ...disk, monitor: false } }, 'is promoted on node1']]);
  fails([
    ['vip-started', { promoted: disk }, 'The cluster has no such resource'],
    ['vip-started', { promoted: vip }, 'vip is no clone'],
    ['cups-clone', { promoted: { agent: 'systemd:cups' } }, 'not a promotable one'],
  ]);

  it('wants a monitor for each role', () => {
    const state = varied('drbd-promotable', (draft) =>
      bothViews(draft, (_, cib) => {
        for (const { operations } of cib.resources)
          operations.splice(
            0,
            operations.length,
            ...operations.filter((one) => one.role !== 'Promoted'),
          );
      }),
    );
    expect(verdictOn(state, { promoted: disk }).evidence).toContain(
      'no monitor for the role Promoted',
    );
  });
});

describe('colocated and ordered', () => {
  const together = { colocated: { resource: vip, with: dummy } };
  const dummyFirst = { ordered: { first: dummy, then: vip } };
  const vipFirst = { ordered: { first: vip, then: dummy } };
  const members = recordedState('vip-in-group');
  const [first] = (on(members as never, 'node1').cib?.resources ?? []).filter(
    ({ kind }) => kind === 'primitive',
  );
  const rightOrder = first?.agent === dummy.agent ? dummyFirst : vipFirst;
  const wrongOrder = rightOrder === dummyFirst ? vipFirst : dummyFirst;

  it('are both in a group', () => {
    const follows =
      rightOrder === dummyFirst ? together : { colocated: { resource: dummy, with: vip } };
    expect(verdictOn(members, follows)).toMatchObject({ passed: true });
    expect(verdictOn(members, rightOrder)).toMatchObject({ passed: true });
  });

  it('tell a group in the wrong order from none', () => {
    const verdict = verdictOn(members, wrongOrder);
    expect(verdict).toMatchObject({ passed: false });
    expect(verdict.evidence).toContain('the other way round');
  });

  /** The group dissolved, with these constraints in its place. */
  const loose = (...constraints: Partial<CibConstraint>[]): ClusterState =>
    varied('vip-in-group', (draft) =>
      bothViews(draft, (_, cib) => {
        cib.resources = cib.resources
          .filter(({ kind }) => kind === 'primitive')
          .map((resource) => ({ ...resource, parent: null }));
        cib.constraints = constraints.map((constraint) => ({
          id: 'c',
          kind: 'colocation',
          attributes: {},
          sets: [],
          hasRules: false,
          ...constraint,
        })) as typeof cib.constraints;
      }),
    );
  const colocation = (attributes: Record<string, string>): ClusterState =>
    loose({ attributes: { rsc: 'vip', 'with-rsc': 'dummy', ...attributes } });
  const order = (attributes: Record<string, string>): ClusterState =>
    loose({ kind: 'order', attributes: { first: 'dummy', then: 'vip', ...attributes } });

  it.each<[string, ClusterState, object, boolean, string]>([
    ['one node by chance', loose(), together, false, 'happen to be on one node'],
    ['a colocation', colocation({ score: 'INFINITY' }), together, true, 'must run where'],
    ['a wish', colocation({ score: '100' }), together, false, 'is a wish'],
    [
      'an avoidance',
      colocation({ score: '-INFINITY' }),
      together,
      false,
      'nothing in the configuration',
    ],
    [
      'a resource set',
      loose({
        attributes: { score: 'INFINITY' },
        sets: [{ attributes: {}, resources: ['dummy', 'vip'] }],
      }),
      together,
      true,
      'must run where',
    ],
    ['an order', order({ kind: 'Mandatory' }), dummyFirst, true, 'outlives'],
    ['an order without a kind', order({}), dummyFirst, true, 'outlives'],
    ['an optional order', order({ kind: 'Optional' }), dummyFirst, false, 'not binding'],
    [
      'an order for the start alone',
      order({ symmetrical: 'false' }),
      dummyFirst,
      false,
      'not binding',
    ],
    ['no order', loose(), dummyFirst, false, 'No group and no order'],
    [
      'sets one after the other',
      loose({
        kind: 'order',
        sets: [
          { attributes: {}, resources: ['dummy'] },
          { attributes: {}, resources: ['vip'] },
        ],
      }),
      dummyFirst,
      true,
      'outlives',
    ],
  ])('%s', (_, state, check, passed, evidence) => {
    const verdict = verdictOn(state, check);
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
  });

  describe('with a role', () => {
    const promotedSide = { colocated: { resource: vip, with: disk, role: 'Promoted' } };
    const afterPromotion = { ordered: { first: disk, then: vip, action: 'promote' } };
    const bound = (
      attributes: Record<string, string>,
      kind: 'colocation' | 'order',
    ): ClusterState =>
      varied('drbd-promotable', (draft) =>
        bothViews(draft, (_, cib) => {
          cib.constraints = [{ id: 'c', kind, attributes, sets: [], hasRules: false }];
        }),
      );
    it.each<[string, ClusterState, object, boolean, string]>([
      [
        'the role',
        bound(
          { rsc: 'vip', 'with-rsc': 'data-clone', 'with-rsc-role': 'Promoted', score: 'INFINITY' },
          'colocation',
        ),
        promotedSide,
        true,
        'promoted',
      ],
      [
        'its old name',
        bound(
          { rsc: 'vip', 'with-rsc': 'data-clone', 'with-rsc-role': 'Master', score: 'INFINITY' },
          'colocation',
        ),
        promotedSide,
        true,
        'promoted',
      ],
      [
        'no role',
        bound({ rsc: 'vip', 'with-rsc': 'data-clone', score: 'INFINITY' }, 'colocation'),
        promotedSide,
        false,
        'does not say which role',
      ],
      [
        'promote, then start',
        bound(
          { first: 'data-clone', 'first-action': 'promote', then: 'vip', 'then-action': 'start' },
          'order',
        ),
        afterPromotion,
        true,
        'is promoted before',
      ],
      [
        'start, then start',
        bound({ first: 'data-clone', then: 'vip' }, 'order'),
        afterPromotion,
        false,
        'waits for the start',
      ],
    ])('%s', (_, state, check, passed, evidence) => {
      const verdict = verdictOn(state, check);
      expect(verdict.evidence).toContain(evidence);
      expect(verdict.passed).toBe(passed);
    });
  });
});

describe('absent, managed and operation', () => {
  passes([
    ['vip-started', { absent: dummy }, 'It has none.'],
    ['vip-unmanaged', { managed: { ...vip, is: false, role: 'Started' } }, 'is unmanaged'],
    ['vip-maintenance-mode', { managed: { ...vip, is: false } }, 'maintenance mode'],
    ['vip-started', { managed: { ...vip, is: true, role: 'Started' } }, 'vip is managed.'],
    [
      'vip-started',
      { operation: { ...vip, name: 'monitor', 'interval-at-most': 10 } },
      'every 10 s',
    ],
    ['vip-started', { operation: { ...vip, name: 'stop', 'timeout-at-least': 20 } }, '20 s'],
  ]);
  fails([
    ['vip-started', { absent: vip }, 'vip is still in the configuration.'],
    ['vip-started', { managed: { ...vip, is: false } }, 'vip is managed: the cluster would act'],
    ['vip-unmanaged', { managed: { ...vip, is: true } }, 'is-managed=false'],
    ['vip-resource-stopped', { managed: { ...vip, is: true, role: 'Started' } }, 'for stopped.'],
    [
      'vip-no-monitor',
      { operation: { ...vip, name: 'monitor', 'interval-at-most': 10 } },
      'no monitor that recurs',
    ],
    [
      'vip-started',
      { operation: { ...vip, name: 'stop', 'timeout-at-least': 60 } },
      'it needs at least 60 s',
    ],
    ['vip-started', { operation: { ...vip, name: 'stop', 'on-fail': 'fence' } }, 'no on-fail'],
  ]);
});

describe('an operation as Pacemaker takes it', () => {
  const operations = (
    edit: (list: { name: string; interval: number; timeout: number | null }[]) => void,
    defaults: Record<string, string> = {},
    properties: Record<string, string> = {},
  ): ClusterState =>
    varied('vip-started', (draft) =>
      bothViews(draft, (_, cib) => {
        const list = cib.resources.find(({ id }) => id === 'vip')?.operations ?? [];
        edit(list);
        cib.operationDefaults = defaults;
        Object.assign(cib.properties, properties);
      }),
    );
  const op = (name: string, interval: number, timeout: number | null, more: object = {}) => ({
    name,
    interval,
    timeout,
    onFail: null,
    role: null,
    enabled: true,
    ...more,
  });
  const only =
    (...list: ReturnType<typeof op>[]) =>
    (found: unknown[]): unknown =>
      found.splice(0, found.length, ...list);
  const stop = { operation: { ...vip, name: 'stop', 'timeout-at-least': 60 } };
  const monitor = { operation: { ...vip, name: 'monitor', 'timeout-at-least': 60 } };
  const stopFails = (word: string) => ({ operation: { ...vip, name: 'stop', 'on-fail': word } });
  it.each<[string, ClusterState, object, boolean, string]>([
    [
      'a stop with an interval is not the stop',
      operations(only(op('stop', 60, 60))),
      stop,
      false,
      'The stop of vip has a timeout of 20 s; it needs at least 60 s. What is set with interval=60s does not count: a stop has the interval 0.',
    ],
    ['a stop of interval 0', operations(only(op('stop', 0, 60))), stop, true, 'has 60 s.'],
    [
      'of two of interval 0 the first counts',
      operations(only(op('stop', 0, 20), op('stop', 0, 90))),
      stop,
      false,
      'has a timeout of 20 s',
    ],
    [
      'a disabled stop, whose timeout counts',
      operations(only(op('stop', 0, 60, { enabled: false }))),
      stop,
      true,
      'has 60 s.',
    ],
    ['the defaults', operations(only(), { timeout: '2min' }), stop, true, 'has 120 s.'],
    [
      'defaults that are no time',
      operations(only(), { timeout: 'PT2M' }),
      stop,
      false,
      'has a timeout of 20 s',
    ],
    [
      'the probe is no monitor that recurs',
      operations(only(op('monitor', 0, 90), op('monitor', 10, 20))),
      monitor,
      false,
      'The monitor of vip has a timeout of 20 s; it needs at least 60 s.',
    ],
    [
      'a stop that fails is fenced by default',
      operations(only(), {}, { 'stonith-enabled': 'true' }),
      stopFails('fence'),
      true,
      'has 20 s.',
    ],
    [
      'a stop that fails blocks without fencing',
      operations(only()),
      stopFails('fence'),
      false,
      'has no on-fail, which means block; it should be fence',
    ],
    [
      'on-fail=fence without fencing',
      operations(only(op('stop', 0, 20, { onFail: 'fence' }))),
      stopFails('fence'),
      false,
      'has on-fail=stop; it should be fence',
    ],
    [
      'a word that a stop may not have',
      operations(only(op('stop', 0, 20, { onFail: 'standby' })), {}, { 'stonith-enabled': 'true' }),
      stopFails('fence'),
      true,
      'has 20 s.',
    ],
  ])('%s', (_, state, check, passed, evidence) => {
    const verdict = verdictOn(state, check);
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
  });

  it('two monitors of one interval are none, though for two roles', () => {
    const state = varied('drbd-promotable', (draft) =>
      bothViews(draft, (_, cib) => {
        for (const { operations: list } of cib.resources)
          for (const one of list) if (one.name === 'monitor') one.interval = 20;
      }),
    );
    expect(verdictOn(state, { promoted: disk })).toMatchObject({
      passed: false,
      evidence: expect.stringContaining(
        'two monitors with the interval 20 s, and Pacemaker runs neither of them',
      ),
    });
  });
});

describe('mount and exported', () => {
  const nfs = {
    source: 'storage:/srv/export',
    target: '/srv/web',
    type: 'nfs4',
    options: ['rw', 'hard'],
  };
  const mounted = varied('vip-started', (draft) => {
    on(draft, 'node1').mounts.push(nfs);
    on(draft, 'storage').exports.push({
      path: '/srv/export',
      client: '192.168.56.0/24',
      options: ['rw'],
    });
  });
  const target = '/srv/web';
  it.each<[object, boolean, string]>([
    [{ mount: { target, type: 'nfs', on: 'one-node' } }, true, 'mounted on node1.'],
    [{ mount: { target, source: 'storage:/srv/export/', on: 'node1' } }, true, 'mounted on node1.'],
    [{ mount: { target, on: 'nowhere' } }, false, '/srv/web is mounted on node1.'],
    [{ mount: { target: '/srv/x', on: 'nowhere' } }, true, 'mounted nowhere.'],
    [{ mount: { target, on: 'nodes' } }, false, 'not mounted on node2.'],
    [
      { mount: { target, source: 'node2:/srv', on: 'one-node' } },
      false,
      'from storage:/srv/export, not from node2:/srv',
    ],
    [{ mount: { target, type: 'ext4', on: 'one-node' } }, false, 'of type nfs4, not ext4'],
    [{ mount: { target, options: ['soft'], on: 'one-node' } }, false, 'without soft'],
    [{ mount: { target, on: 'one-node', managed: true } }, false, 'no cluster resource did it'],
    [
      { exported: { path: '/srv/export', to: '192.168.56.0/24', options: ['rw'], on: 'storage' } },
      true,
      'storage exports',
    ],
    [{ exported: { path: '/srv/export', to: '*', on: 'storage' } }, false, 'not to *'],
    [
      { exported: { path: '/srv/export', options: ['sync'], on: 'storage' } },
      false,
      'without sync',
    ],
    [{ exported: { path: '/srv/export', on: 'one-node' } }, false, 'exported by storage.'],
    [{ exported: { path: '/srv/export', on: 'nowhere' } }, false, 'exported by storage.'],
    [{ exported: { path: '/srv/other', on: 'nowhere' } }, true, 'by no machine.'],
  ])('%j', (check, passed, evidence) => {
    const verdict = verdictOn(mounted, check);
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
  });
});

describe('a mount whose server is gone', () => {
  const spec = { target: '/srv/web', type: 'nfs', on: 'one-node', managed: true };
  const run = questionsOf([checkSchema.parse({ mount: spec })], machines)[0]?.run ?? '';
  const asked = (output: string, exitCode: number | null): ClusterState =>
    varied('nfs-mount-done', (draft) => {
      for (const name of ['node1', 'node2'])
        on(draft, name).answers = { [run]: { output, exitCode } };
    });

  it.each<[string, ClusterState, boolean, string]>([
    ['it answers', asked('nfs\n', 0), true, 'by the cluster.'],
    ['it was not asked', recordedState('nfs-mount-done'), true, 'by the cluster.'],
    [
      'the answer of the machine breaks off before it',
      varied('nfs-mount-done', (draft) => {
        for (const name of ['node1', 'node2'])
          on(draft, name).problems.push({
            part: 'probe',
            message: 'the answer breaks off after "cib"',
          });
      }),
      false,
      'whether that can be read is not known, for the answer breaks off after "cib".',
    ],
    [
      'it does not answer within the limit',
      asked('', null),
      false,
      'is mounted from storage:/srv/export, but storage does not answer: whoever reads there waits. Is storage switched on, and its NFS server running? See: halab status.',
    ],
    [
      'a soft mount gives up',
      asked("stat: cannot read file system information for '/srv/web': Input/output error\n", 1),
      false,
      "cannot be read: stat: cannot read file system information for '/srv/web': Input/output error.",
    ],
  ])('%s', (_, state, passed, evidence) => {
    const verdict = verdictOn(state, { mount: spec });
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
  });

  it('is asked for where files of another machine may be mounted, and nowhere else', () => {
    const questions = (mount: object): readonly (readonly string[])[] =>
      questionsOf([checkSchema.parse({ mount })], machines).map(({ on: where }) => where);
    expect(questions(spec)).toEqual([['node1', 'node2']]);
    expect(questions({ target: '/mnt', source: 'www:/srv', on: 'storage' })).toEqual([['storage']]);
    expect(questions({ target: '/srv/data', source: '/dev/drbd0', on: 'one-node' })).toEqual([]);
    expect(questions({ target: '/srv/data', type: 'ext4', on: 'one-node' })).toEqual([]);
    expect(questions({ target: '/srv/web', type: 'nfs', on: 'nowhere' })).toEqual([]);
  });

  it('the question asks the file system where it is mounted from a server', () => {
    const folder = mkdtempSync(join(tmpdir(), "it's a mount "));
    const question =
      questionsOf([checkSchema.parse({ mount: { ...spec, target: folder } })], machines)[0]?.run ??
      '';
    const mounts = join(folder, 'mounts');
    const asks = (type: string): string => {
      writeFileSync(
        mounts,
        `/dev/vda1 / ext4 rw 0 0\nnas:/srv ${folder.replaceAll(' ', '\\040')} ${type} rw 0 0\n`,
      );
      const command = question.replace('/proc/self/mounts', `"${mounts}"`);
      return execFileSync('bash', ['-c', command], { encoding: 'utf8' });
    };
    expect(asks('nfs4')).toMatch(/^\S+\n$/);
    expect(asks('ext4')).toBe('');
    rmSync(folder, { recursive: true });
  });

  it('the question is answered at once where nothing of a server is mounted, whatever the name', () => {
    for (const target of ['/', "/it's here", '/a b'])
      expect(
        execFileSync(
          'bash',
          [
            '-c',
            questionsOf([checkSchema.parse({ mount: { ...spec, target } })], machines)[0]?.run ??
              'false',
          ],
          { encoding: 'utf8' },
        ),
      ).toBe('');
  });
});

describe('answer', () => {
  const check = {
    answer: { what: 'The page is there', run: 'cat page', on: 'one-node', says: '^Hello' },
  };
  const answering = (output: Record<string, { output: string; exitCode: number | null }>) =>
    varied('vip-started', (draft) => {
      for (const [name, answer] of Object.entries(output))
        on(draft, name).answers = { 'cat page': answer };
    });
  const yes = { output: 'Hello\n', exitCode: 0 };
  const no = { output: 'cat: page: No such file or directory\n', exitCode: 1 };
  const late = { output: '', exitCode: null };

  it.each<[string, ClusterState, string, boolean, string]>([
    [
      'one node says so',
      answering({ node1: yes, node2: no }),
      'one-node',
      true,
      'On node1: "Hello".',
    ],
    ['both say so', answering({ node1: yes, node2: yes }), 'one-node', false, 'One node alone'],
    [
      'nobody says so',
      answering({ node1: no, node2: late }),
      'one-node',
      false,
      'no answer in time',
    ],
    [
      'every node says so',
      answering({ node1: yes, node2: yes }),
      'nodes',
      true,
      'On node1 and node2',
    ],
    ['one of two does not', answering({ node1: yes, node2: no }), 'nodes', false, '(exit code 1)'],
    [
      'it is gone',
      answering({ node1: no, node2: no, storage: no }),
      'nowhere',
      true,
      'No such file',
    ],
    [
      'it is not gone',
      answering({ node1: yes, node2: no, storage: no }),
      'nowhere',
      false,
      'On node1',
    ],
    ['nobody asked', recordedState('vip-started'), 'node1', false, 'node1 was not asked.'],
  ])('%s', (_, state, where, passed, evidence) => {
    const verdict = verdictOn(state, { answer: { ...check.answer, on: where } });
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
  });

  it('is asked where it is wanted', () => {
    const asked = (where: string): readonly string[] | undefined =>
      questionsOf([checkSchema.parse({ answer: { ...check.answer, on: where } })], machines)[0]?.on;
    expect(asked('one-node')).toEqual(['node1', 'node2']);
    expect(asked('nowhere')).toEqual(['node1', 'node2', 'storage']);
    expect(asked('storage')).toEqual(['storage']);
  });

  it('is refused with a pattern that is none', () => {
    expect(checkSchema.safeParse({ answer: { ...check.answer, says: '(' } }).success).toBe(false);
  });
});

describe('wrongTurns', () => {
  const noticed = (state: ClusterState): string => wrongTurns({ state, machines }).join('\n');

  it.each([
    ['no-quorum-policy-ignore', 'no-quorum-policy is ignore'],
    ['leftover-ban', 'A manual move left the constraint cli-ban-'],
    ['leftover-prefer', 'A manual move left the constraint cli-prefer-'],
    ['apache-enabled', 'apache2.service starts at boot on'],
    ['vip-maintenance-mode', 'The whole cluster is in maintenance mode'],
    ['drbd-new', "DRBD's disk on node1 is Inconsistent"],
  ])('names what is in %s', (name, text) => {
    const state =
      name === 'apache-enabled'
        ? varied(name, (draft) =>
            bothViews(draft, (_, cib) => {
              cib.resources.push({
                ...(cib.resources[0] as (typeof cib.resources)[number]),
                id: 'web',
                agent: 'ocf:heartbeat:apache',
              });
            }),
          )
        : recordedState(name);
    expect(noticed(state)).toContain(text);
  });

  it('names fencing that was turned off although it is set up', () => {
    const state = varied('vip-started', (draft) => {
      on(draft, 'node1').units['sbd.service'] = {
        load: 'loaded',
        active: 'active',
        sub: 'running',
        enabled: 'enabled',
      };
    });
    expect(noticed(state)).toContain('Fencing is turned off (stonith-enabled is false)');
  });

  it('names an NFS server that is its own client, by its name too', () => {
    const state = varied('vip-started', (draft) => {
      const node = on(draft, 'node1');
      node.hosts.push({ ip: '192.168.56.11', names: ['node1'] });
      node.mounts.push({ source: 'node1:/srv/share', target: '/mnt', type: 'nfs4', options: [] });
    });
    expect(noticed(state)).toContain('node1 mounts node1:/srv/share from itself');
  });

  it.each(['bare', 'vip-started', 'two-online', 'drbd-two-nodes', 'node1-standby'])(
    'finds nothing in %s',
    (name) => expect(noticed(recordedState(name))).toBe(''),
  );
});
