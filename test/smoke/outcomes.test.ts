import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import type { Session } from '../../src/session/session.ts';
import { refuses } from '../../src/smoke/outcomes.ts';
import { varied } from '../checks/varied.ts';
import { machines, recordedState } from '../fixtures/load.ts';
import { vipTask } from './vip-task.ts';

/** Judges the task by what was seen before, on machines that are as they should be by now. */
async function refusal(seen: ClusterState | null): Promise<{ passed: boolean; looked: boolean }> {
  let looked = false;
  const session = {
    lab: { machines },
    untilRest: async () => {},
    observe: async () => {
      looked = true;
      return recordedState('vip-started');
    },
  } as unknown as Session;
  const { passed } = await refuses(session, vipTask(), seen);
  return { passed, looked };
}

describe('a task that must be refused', () => {
  it('is refused by a settled state that was seen before', async () => {
    const seen = recordedState('vip-no-monitor');
    expect(await refusal(seen)).toEqual({ passed: true, looked: false });
  });

  it('is judged by a look when nothing was seen before', async () => {
    expect(await refusal(null)).toEqual({ passed: false, looked: true });
  });

  it('is judged by a look when its checks pass by what was seen before', async () => {
    const seen = recordedState('vip-started');
    expect(await refusal(seen)).toEqual({ passed: false, looked: true });
  });

  it('is judged by a look when the cluster was on the move', async () => {
    const seen = recordedState('node2-joining');
    expect(await refusal(seen)).toEqual({ passed: false, looked: true });
  });

  it('is judged by a look when a machine gave no answer', async () => {
    const seen = varied('vip-no-monitor', (draft) => {
      draft.machines.node2 = { name: 'node2', reachable: false, reason: 'it does not answer' };
    });
    expect(await refusal(seen)).toEqual({ passed: false, looked: true });
  });
});
