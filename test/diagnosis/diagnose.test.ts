import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/diagnosis/diagnose.ts';
import { parseVitals, readVitals, type Vitals } from '../../src/diagnosis/vitals.ts';
import type { Shell } from '../../src/lab/machine.ts';
import type { PowerState } from '../../src/lab/providers/provider.ts';
import { on, varied } from '../checks/varied.ts';
import { machines, recordedState } from '../fixtures/load.ts';

const fine: Vitals = { freeMiB: 900, missingPackages: [] };
const power: Record<string, PowerState> = {
  node1: 'running',
  node2: 'running',
  storage: 'running',
};
const vitals = { node1: fine, node2: fine, storage: fine };
const healthy = { machines, power, vitals, state: recordedState('vip-started') };

/** "ID TITLE" of all that was found. */
const found = (view: typeof healthy): string[] =>
  diagnose(view).map(({ id, title }) => `${id} ${title}`);

describe('a diagnosis of the lab', () => {
  it.each(['bare', 'two-online', 'vip-started', 'drbd-promotable', 'node2-standby-until-reboot'])(
    'finds nothing wrong: %s',
    (name) => {
      // Recorded long ago by the machine's clock or not: the offset is against the recorder's own.
      expect(diagnose({ ...healthy, state: recordedState(name) })).toMatchObject([
        { id: 'lab', status: 'ok' },
      ]);
    },
  );

  it.each([
    ['off', 'off node2'],
    ['paused', 'paused node2'],
    ['absent', 'absent node2'],
  ] as const)('a machine that is %s', (state, expected) => {
    expect(found({ ...healthy, power: { ...power, node2: state } })).toEqual([expected]);
  });

  it('a machine that runs and does not answer (recorded)', () => {
    expect(found({ ...healthy, state: recordedState('one-node-down') })).toContain(
      'unreachable node2',
    );
  });

  it('a full disk, and packages that were removed', () => {
    const node1 = { freeMiB: 0, missingPackages: ['corosync'] };
    expect(found({ ...healthy, vitals: { ...vitals, node1 } })).toEqual([
      'disk node1',
      'packages node1',
    ]);
  });

  it('a clock that is off (a variation of vip-started)', () => {
    const state = varied('vip-started', (draft) => {
      on(draft, 'node1').clockOffsetMs = -61_000;
    });
    const [finding] = diagnose({ ...healthy, state });
    expect(finding).toMatchObject({ id: 'clock', found: 'its clock is 61 s behind' });
  });

  it.each([
    ['corosync-conf-broken', 'corosync-conf node2'],
    ['corosync-conf-differs', 'corosync-conf-differs Cluster'],
    ['vip-stop-failed-blocked', 'blocked Cluster'],
  ])('recorded: %s', (name, expected) => {
    expect(found({ ...healthy, state: recordedState(name) })).toContain(expected);
  });

  it('gives each trouble a fix with something to type', () => {
    for (const name of ['corosync-conf-broken', 'vip-stop-failed-blocked', 'one-node-down'])
      for (const { fix, id } of diagnose({ ...healthy, state: recordedState(name) }))
        expect(fix?.commands.length, id).toBeGreaterThan(0);
  });
});

describe("a machine's vitals", () => {
  const all = ['corosync', 'pacemaker', 'pcs', 'crmsh', 'resource-agents', 'drbd-utils']
    .concat(['nfs-kernel-server', 'apache2', 'cups'])
    .map((name) => `package ${name} installed\n`)
    .join('');

  it('are read from what the script prints', () => {
    expect(parseVitals(`free 256 4096\n${all}`)).toEqual({ freeMiB: 1, missingPackages: [] });
  });

  it('tell packages that are gone, also when their configuration is still there', () => {
    const text = all.replace('pcs installed', 'pcs config-files').replace(/package cups .*\n/, '');
    expect(parseVitals(`free 256 4096\n${text}`)?.missingPackages).toEqual(['pcs', 'cups']);
  });

  it.each(['', 'free 25', 'free 256 4096\n'])(
    'are none when the output is cut off after "%s"',
    (text) => {
      expect(parseVitals(text)).toBeNull();
    },
  );

  it('of a sick machine are told as such, and no mistake of halab', async () => {
    const shell: Shell = {
      runAsRoot: async (name) => ({
        reached: name !== 'storage',
        exitCode: 127,
        stdout: name === 'node2' ? `free 256 4096\n${all}` : '',
        stderr: 'bash: line 1: /usr/bin/stat: Input/output error\n',
        milliseconds: 1,
      }),
    };
    const read = await readVitals(shell, machines);
    expect(read).toEqual({
      node1: { unreadable: 'bash: line 1: /usr/bin/stat: Input/output error' },
      node2: { freeMiB: 1, missingPackages: [] },
    });
    const [finding] = diagnose({ ...healthy, vitals: { ...vitals, ...read } });
    expect(finding).toMatchObject({
      id: 'vitals',
      title: 'node1',
      found: expect.stringContaining('Input/output error'),
    });
  });
});
