import { describe, expect, it } from 'vitest';
import { settlingReason } from '../../src/cluster/settling.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { bothViews, cutOff, type Draft, on, varied, viewOf } from '../checks/varied.ts';
import { recordedState } from '../fixtures/load.ts';

describe('a cluster at rest', () => {
  const quiet = [
    'bare',
    'hosts-right',
    'corosync-only',
    'two-online',
    'vip-started',
    'vip-unmanaged',
    'node1-standby',
    'one-node-down',
    'node2-pacemaker-stopped',
    'vip-on-both-nodes',
  ];
  it.each(quiet)('%s', (name) => {
    expect(settlingReason(recordedState(name))).toBeNull();
  });

  it('with a service that systemd starts again and again (a variation of two-online)', () => {
    const state = varied('two-online', (draft) => {
      Object.assign(on(draft, 'node1').units['apache2.service'] ?? {}, {
        active: 'activating',
        sub: 'auto-restart',
      });
    });
    expect(settlingReason(state)).toBeNull();
  });
});

describe('a cluster on the move (recorded)', () => {
  it.each(['just-started', 'node2-joining'])('%s', (name) => {
    expect(settlingReason(recordedState(name))).toBe(
      'No DC is elected yet (the first election takes about 20 s).',
    );
  });
});

describe('a cluster on the move (variations of recorded states)', () => {
  const moving: [string, (draft: Draft<ClusterState>) => void, string][] = [
    [
      'two-online',
      (draft) =>
        bothViews(draft, (status) => {
          status.dc = null;
        }),
      'No DC is elected yet (the first election takes about 20 s).',
    ],
    [
      'two-online',
      (draft) => {
        Object.assign(on(draft, 'node1'), { pacemaker: null, cib: null });
      },
      'On node1 Pacemaker has started and does not answer yet.',
    ],
    [
      'corosync-only',
      (draft) => {
        Object.assign(on(draft, 'node2'), {
          corosync: null,
          problems: [{ part: 'corosync', message: 'exit code 1: Cannot initialize CFG service' }],
        });
      },
      'On node2 Corosync has started and does not answer yet.',
    ],
    [
      'corosync-only',
      (draft) => {
        Object.assign(on(draft, 'node1').units['pacemaker.service'] ?? {}, {
          active: 'activating',
          sub: 'start',
        });
      },
      'On node1 pacemaker.service is activating.',
    ],
    [
      'two-online',
      (draft) =>
        bothViews(draft, (status) => {
          for (const node of status.nodes) node.pending = node.name === 'node2';
        }),
      'node2 is joining the cluster.',
    ],
    [
      'two-online',
      (draft) => {
        viewOf(draft, 'node2').status.dcState = 'S_POLICY_ENGINE';
      },
      'The cluster is at work: its DC is in S_POLICY_ENGINE.',
    ],
    [
      'vip-started',
      (draft) =>
        bothViews(draft, (status) => {
          for (const resource of status.resources) resource.pending = 'Starting';
        }),
      'vip is starting.',
    ],
    [
      'vip-started',
      (draft) => cutOff(draft, 'node2'),
      'node2 cannot be reached, and node1 has not noticed it yet.',
    ],
    [
      'vip-started',
      (draft) => {
        viewOf(draft, 'node2').cib.version = '0.99.1';
      },
      'node1 and node2 do not have the same configuration yet.',
    ],
  ];
  it.each(moving)('%s', (name, edit, reason) => {
    expect(settlingReason(varied(name, edit))).toBe(reason);
  });
});
