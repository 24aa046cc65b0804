// biome-ignore-all lint/suspicious/noThenProperty: the lessons' and the CIB's own word; no object here is awaited
import { describe, expect, it } from 'vitest';
import type { Cib, CibConstraint, ClusterState } from '../../src/cluster/state.ts';
import { bothViews, type Draft, varied, verdictOn } from './varied.ts';

/** Who follows whom, and who waits for whom, in all the ways in which it can be written (pcmk_sched_colocation.c, pcmk_sched_ordering.c). */

const data = { agent: 'ocf:heartbeat:Filesystem', with: { directory: '/srv/data' } };
const disk = { agent: 'ocf:linbit:drbd', with: { drbd_resource: 'r0' } };
const vip = { agent: 'ocf:heartbeat:IPaddr2', with: { ip: '192.168.56.100' } };
const web = { agent: 'ocf:heartbeat:apache' };

/** A recorded cluster with a promotable disk, a file system, an address and apache, each by its agent's name, and with nothing between them. */
function loose(edit: (cib: Draft<Cib>) => void): ClusterState {
  return varied('automatic-or-manual-clear-without-1', (draft) =>
    bothViews(draft, (_, cib) => {
      const name: Record<string, string> = {
        [disk.agent]: 'disk',
        [data.agent]: 'data',
        [vip.agent]: 'vip',
        [web.agent]: 'web',
      };
      for (const resource of cib.resources) {
        const short = name[resource.agent];
        if (short === undefined) continue;
        const clone = cib.resources.find(
          ({ id, kind }) => id === resource.parent && kind === 'clone',
        );
        if (clone !== undefined) clone.id = 'disk-clone';
        Object.assign(resource, { id: short, parent: clone === undefined ? null : 'disk-clone' });
      }
      cib.resources = cib.resources.filter(({ kind }) => kind !== 'group');
      cib.constraints = [];
      edit(cib);
    }),
  );
}

const constraint = (
  kind: CibConstraint['kind'],
  attributes: Record<string, string>,
  ...sets: [attributes: Record<string, string>, ...resources: string[]][]
): Draft<CibConstraint> => ({
  id: 'c',
  kind,
  attributes,
  sets: sets.map(([own, ...resources]) => ({ attributes: own, resources })),
  hasRules: false,
});

const withConstraints = (...constraints: Draft<CibConstraint>[]): ClusterState =>
  loose((cib) => {
    cib.constraints = constraints;
  });

const always = { score: 'INFINITY' };
const colocation = (attributes: Record<string, string>): ClusterState =>
  withConstraints(constraint('colocation', { ...always, ...attributes }));
const coSets = (...sets: [Record<string, string>, ...string[]][]): ClusterState =>
  withConstraints(constraint('colocation', always, ...sets));

/** A group of these, and a colocation of it or of a member. */
const grouped = (
  members: string[],
  attributes: Record<string, string>,
  meta: Record<string, string> = {},
): ClusterState =>
  loose((cib) => {
    const parts = members.map((id) => cib.resources.find((one) => one.id === id));
    cib.resources = [
      ...cib.resources.filter((one) => !parts.includes(one)),
      {
        id: 'group',
        kind: 'group',
        agent: '',
        parameters: {},
        meta,
        operations: [],
        parent: null,
      },
      ...parts.flatMap((one) => (one === undefined ? [] : [{ ...one, parent: 'group' }])),
    ];
    cib.constraints = [constraint('colocation', { ...always, ...attributes })];
  });

type Case = [what: string, state: ClusterState, check: object, passed: boolean, evidence: string];

const judged = (cases: Case[]): void =>
  it.each(cases)('%s', (_, state, check, passed, evidence) => {
    const verdict = verdictOn(state, check);
    expect(verdict.evidence).toContain(evidence);
    expect(verdict.passed).toBe(passed);
  });

const promoted = { 'with-rsc': 'disk-clone', 'with-rsc-role': 'Promoted' };
const dataOnDisk = { colocated: { resource: data, with: disk, role: 'Promoted' } };
const vipAtData = { colocated: { resource: vip, with: data } };

describe('a colocation has a direction', () => {
  judged([
    [
      'the file system follows the promoted disk',
      colocation({ rsc: 'data', ...promoted }),
      dataOnDisk,
      true,
      'data must run where disk is promoted.',
    ],
    [
      'reversed, with a role: the disk follows the file system',
      colocation({ rsc: 'disk-clone', 'rsc-role': 'Promoted', 'with-rsc': 'data' }),
      dataOnDisk,
      false,
      'It is the other way round: disk must be promoted where data is. data is placed first and does not wait for disk.',
    ],
    [
      'reversed, of two primitives',
      colocation({ rsc: 'data', 'with-rsc': 'vip' }),
      vipAtData,
      false,
      'It is the other way round: data must run where vip is. vip is placed first and does not wait for data.',
    ],
    [
      'right, of two primitives',
      colocation({ rsc: 'vip', 'with-rsc': 'data' }),
      vipAtData,
      true,
      'vip must run where data is.',
    ],
    [
      'both follow a third',
      withConstraints(
        constraint('colocation', { ...always, rsc: 'vip', ...promoted }),
        constraint('colocation', { ...always, rsc: 'data', ...promoted }),
      ),
      vipAtData,
      false,
      'vip and data both follow disk, but vip does not follow data',
    ],
    [
      'by way of a third',
      withConstraints(
        constraint('colocation', { ...always, rsc: 'vip', 'with-rsc': 'data' }),
        constraint('colocation', { ...always, rsc: 'data', ...promoted }),
      ),
      { colocated: { resource: vip, with: disk, role: 'Promoted' } },
      true,
      'vip must run where disk is promoted.',
    ],
    [
      'where it is promoted, it runs',
      colocation({ rsc: 'data', ...promoted }),
      { colocated: { resource: data, with: disk } },
      true,
      'data must run where disk is.',
    ],
    [
      'a role in small letters',
      colocation({ rsc: 'data', 'with-rsc': 'disk-clone', 'with-rsc-role': 'promoted' }),
      dataOnDisk,
      true,
      'data must run where disk is promoted.',
    ],
    [
      'the role of a primitive that is never promoted',
      colocation({ rsc: 'data', 'rsc-role': 'Promoted', ...promoted }),
      dataOnDisk,
      false,
      'No group and no colocation ties data to disk.',
    ],
    [
      'no score',
      withConstraints(constraint('colocation', { rsc: 'vip', 'with-rsc': 'data' })),
      vipAtData,
      false,
      'The colocation c of vip and data has no score, which counts as 0: Pacemaker ignores it.',
    ],
    [
      'a score of 1000000',
      colocation({ rsc: 'vip', 'with-rsc': 'data', score: '1000000' }),
      vipAtData,
      true,
      'vip must run where data is.',
    ],
    [
      'on nodes of one site',
      colocation({ rsc: 'vip', 'with-rsc': 'data', 'node-attribute': 'site' }),
      vipAtData,
      false,
      'is about nodes of the same site, not about one node.',
    ],
  ]);
});

describe('a colocation of a group or of its members', () => {
  judged([
    [
      'only the last member is tied to the disk',
      grouped(['data', 'vip', 'web'], { rsc: 'web', ...promoted }),
      dataOnDisk,
      false,
      'web must run where both are, but nothing ties data to disk: data is placed first and does not wait.',
    ],
    [
      'the last member itself, which is',
      grouped(['data', 'vip', 'web'], { rsc: 'web', ...promoted }),
      { colocated: { resource: web, with: disk, role: 'Promoted' } },
      true,
      'web must run where disk is promoted.',
    ],
    [
      'the group is tied by its first member',
      grouped(['data', 'vip', 'web'], { rsc: 'group', ...promoted }),
      dataOnDisk,
      true,
      'data must run where disk is promoted.',
    ],
    [
      'and with it every other',
      grouped(['data', 'vip', 'web'], { rsc: 'group', ...promoted }),
      { colocated: { resource: web, with: disk, role: 'Promoted' } },
      true,
      'web must run where disk is promoted.',
    ],
    [
      'what follows a group follows its last member',
      grouped(['data', 'vip'], { rsc: 'web', 'with-rsc': 'group' }),
      { colocated: { resource: web, with: vip } },
      true,
      'web must run where vip is.',
    ],
    [
      'a member follows the one before, not the one after',
      grouped(['data', 'vip'], { rsc: 'web', 'with-rsc': 'group' }),
      { colocated: { resource: data, with: vip } },
      false,
      'It is the other way round: vip must run where data is.',
    ],
    [
      'a group whose members go where they like (collocated=no)',
      grouped(['data', 'vip'], { rsc: 'group', ...promoted }, { collocated: 'no' }),
      dataOnDisk,
      false,
      'No group and no colocation ties data to disk.',
    ],
  ]);
});

describe('a colocation by sets', () => {
  judged([
    [
      'in a set each follows the one before',
      coSets([{}, 'data', 'vip']),
      vipAtData,
      true,
      'vip must run where data is.',
    ],
    [
      'and not the one after',
      coSets([{}, 'vip', 'data']),
      vipAtData,
      false,
      'It is the other way round: data must run where vip is.',
    ],
    [
      'a set without an order',
      coSets([{ sequential: 'off' }, 'data', 'vip']),
      vipAtData,
      false,
      'nothing in the configuration keeps them together',
    ],
    [
      'the set that is listed first follows the second',
      coSets([{}, 'data'], [{ role: 'Promoted' }, 'disk-clone']),
      dataOnDisk,
      true,
      'data must run where disk is promoted.',
    ],
    [
      'the sets reversed',
      coSets([{ role: 'Promoted' }, 'disk-clone'], [{}, 'data']),
      dataOnDisk,
      false,
      'It is the other way round: disk must be promoted where data is.',
    ],
    [
      'the first of one set follows the last of the next',
      coSets([{}, 'web'], [{}, 'data', 'vip']),
      { colocated: { resource: web, with: vip } },
      true,
      'web must run where vip is.',
    ],
    [
      "a set's own score",
      coSets([{ score: '10' }, 'data', 'vip']),
      vipAtData,
      false,
      'is a wish: its score is not INFINITY but 10',
    ],
  ]);
});

describe('a constraint on a template or a tag', () => {
  const tagged = (attributes: Record<string, string>): ClusterState =>
    loose((cib) => {
      cib.tags = { service: ['vip', 'web'] };
      cib.constraints = [constraint('colocation', { ...always, ...attributes })];
    });
  const templated = loose((cib) => {
    for (const resource of cib.resources) if (resource.id === 'vip') resource.template = 'address';
    cib.constraints = [
      constraint('colocation', { ...always, rsc: 'address', 'with-rsc': 'data' }),
      constraint('order', { first: 'data', then: 'address' }),
    ];
  });
  judged([
    ['by a tag', tagged({ rsc: 'service', 'with-rsc': 'data' }), vipAtData, true, 'vip must run'],
    [
      'those of one tag do not follow each other',
      tagged({ rsc: 'service', 'with-rsc': 'data' }),
      { colocated: { resource: web, with: vip } },
      false,
      'web and vip both follow data',
    ],
    ['by a template', templated, vipAtData, true, 'vip must run where data is.'],
    [
      'an order by a template',
      templated,
      { ordered: { first: data, then: vip } },
      true,
      'outlives',
    ],
  ]);
});

describe('an order', () => {
  const order = (attributes: Record<string, string>): ClusterState =>
    withConstraints(constraint('order', attributes));
  const sets = (
    attributes: Record<string, string>,
    ...all: [Record<string, string>, ...string[]][]
  ): ClusterState => withConstraints(constraint('order', attributes, ...all));
  const dataAfterDisk = { ordered: { first: disk, then: data, action: 'promote' } };
  const vipAfterData = { ordered: { first: data, then: vip } };
  judged([
    [
      'promote without then-action: the second would have to be promoted',
      order({ first: 'disk-clone', 'first-action': 'promote', then: 'data' }),
      dataAfterDisk,
      false,
      'The order c lets the promotion of data wait, which never comes; its start does not wait. Without then-action the second does what the first does (here promote): set then-action=start.',
    ],
    [
      'promote, then start',
      order({
        first: 'disk-clone',
        'first-action': 'promote',
        then: 'data',
        'then-action': 'start',
      }),
      dataAfterDisk,
      true,
      'disk is promoted before data',
    ],
    [
      'symmetrical in another spelling of false',
      order({ first: 'data', then: 'vip', symmetrical: 'No' }),
      vipAfterData,
      false,
      'The order c is not binding: it does not hold for the stop (symmetrical).',
    ],
    [
      'symmetrical in another spelling of true',
      order({ first: 'data', then: 'vip', symmetrical: 'on' }),
      vipAfterData,
      true,
      'outlives',
    ],
    [
      'a kind that only keeps them apart in time',
      order({ first: 'data', then: 'vip', kind: 'Serialize' }),
      vipAfterData,
      false,
      'keeps the two from starting at once, in whatever order',
    ],
    [
      'a score of 0',
      order({ first: 'data', then: 'vip', score: '0' }),
      vipAfterData,
      false,
      'is optional',
    ],
    [
      'a negative score, which binds as well',
      order({ first: 'data', then: 'vip', score: '-10' }),
      vipAfterData,
      true,
      'outlives',
    ],
    [
      "a set's own kind",
      sets({ kind: 'Mandatory' }, [{ kind: 'Optional' }, 'data', 'vip']),
      vipAfterData,
      false,
      'is optional',
    ],
    [
      'any one of a first set',
      sets({}, [{ 'require-all': 'false', sequential: 'false' }, 'data', 'web'], [{}, 'vip']),
      vipAfterData,
      false,
      'is content with any one of its first set (require-all=false)',
    ],
    [
      'all of a first set',
      sets({}, [{ sequential: 'false' }, 'data', 'web'], [{}, 'vip']),
      vipAfterData,
      true,
      'outlives',
    ],
    [
      'a set that is promoted, then one that is started',
      sets({}, [{ action: 'promote' }, 'disk-clone'], [{}, 'data']),
      dataAfterDisk,
      true,
      'disk is promoted before data',
    ],
  ]);
});
