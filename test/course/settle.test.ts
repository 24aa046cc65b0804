import { describe, expect, it } from 'vitest';
import { checkSchema } from '../../src/checks/index.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import {
  pauseAfter,
  type SettleOptions,
  type SettleResult,
  settle,
} from '../../src/course/settle.ts';
import { bothViews, on, varied } from '../checks/varied.ts';
import { machines, recordedState } from '../fixtures/load.ts';

const check = checkSchema.parse({
  resource: { agent: 'ocf:heartbeat:IPaddr2', with: { ip: '192.168.56.100' }, started: 'once' },
});

const none = recordedState('two-online');
const onNode1 = recordedState('vip-started');
const onNode2 = recordedState('vip-on-node2');
const busy = varied('vip-resource-stopped', (draft) =>
  bothViews(draft, (status) => {
    status.dcState = 'S_TRANSITION_ENGINE';
  }),
);

/** Lets `settle` see these states one after the other, the last one for ever; an observation takes half a second. */
function see(
  states: readonly ClusterState[],
  options: Partial<SettleOptions> = {},
): { result: Promise<SettleResult>; observed: () => number; waits: string[] } {
  let time = 0;
  let count = 0;
  const waits: string[] = [];
  const result = settle({
    observe: async () => {
      time += 500;
      const state = states[Math.min(count, states.length - 1)];
      count += 1;
      if (state === undefined) throw new Error('no state');
      return state;
    },
    checks: [check],
    machines,
    within: 30,
    patient: false,
    onWait: (reason) => waits.push(reason),
    clock: {
      now: () => time,
      sleep: async (milliseconds) => {
        time += milliseconds;
      },
    },
    ...options,
  });
  return { result, observed: () => count, waits };
}

describe('settle', () => {
  it('believes a pass when two observations agree, about a second apart', async () => {
    const { result, observed } = see([onNode1]);
    expect(await result).toMatchObject({ passed: true, waitedSeconds: 1.5, state: onNode1 });
    expect(observed()).toBe(2);
  });

  it('believes what is expected after one observation of a cluster at rest, and nothing else', async () => {
    const pass = see([onNode1], { expected: 'pass', patient: true });
    expect(await pass.result).toMatchObject({ passed: true, waitedSeconds: 0.5 });
    const refusal = see([none], { expected: 'refusal' });
    expect(await refusal.result).toMatchObject({ passed: false, waitedSeconds: 0.5 });
    const otherwise = see([onNode1], { expected: 'refusal' });
    expect(await otherwise.result).toMatchObject({ passed: true });
    expect(otherwise.observed()).toBe(2);
    const moving = see([busy, busy, onNode1], { expected: 'pass', patient: true });
    expect(await moving.result).toMatchObject({ passed: true });
    expect(moving.observed()).toBe(3);
    const refused = see([busy, onNode1], { expected: 'refusal' });
    expect(await refused.result).toMatchObject({ passed: true });
  });

  it('asks the machines also for what others want to know, and judges by its own checks alone', async () => {
    const other = checkSchema.parse({
      answer: { what: 'a page', run: 'cat /page', on: 'all', says: 'page' },
    });
    const asked: unknown[] = [];
    const { result } = see([], {
      also: [other],
      observe: async ({ checks }) => {
        asked.push(checks);
        return onNode1;
      },
    });
    const { passed, verdicts } = await result;
    expect(passed).toBe(true);
    expect(verdicts).toHaveLength(1);
    expect(asked[0]).toEqual([check, other]);
  });

  it('waits for a cluster at rest before it looks, where it can and nobody sits and waits', async () => {
    const asked: number[] = [];
    const untilRest = async (seconds: number): Promise<void> => {
      asked.push(seconds);
    };
    const pass = see([onNode1], { expected: 'pass', patient: true, untilRest });
    expect(await pass.result).toMatchObject({ passed: true });
    expect(asked).toEqual([20]);
    asked.length = 0;
    const moving = see([busy, onNode1], { expected: 'pass', patient: true, within: 10, untilRest });
    expect(await moving.result).toMatchObject({ passed: true });
    expect(moving.observed()).toBe(2);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toBe(10);
    expect(asked[1]).toBeLessThan(10);
    asked.length = 0;
    // A refusal mostly needs one look alone.
    const refusal = see([none], { expected: 'refusal', untilRest });
    expect(await refusal.result).toMatchObject({ passed: false });
    expect(asked).toEqual([]);
    const late = see([busy, none], { expected: 'refusal', untilRest });
    expect(await late.result).toMatchObject({ passed: false });
    expect(asked).toEqual([20]);
  });

  it('looks for no more than a part of the time, and pauses no longer than 5 s', () => {
    expect([100, 600, 2000, 9000].map((took) => pauseAfter(took))).toEqual([500, 600, 2000, 5000]);
    const patient = [100, 600, 2000, 9000].map((took) => pauseAfter(took, { patient: true }));
    expect(patient).toEqual([500, 1200, 4000, 5000]);
  });

  it('looks as often as it can for somebody who sits and waits', async () => {
    const asked: number[] = [];
    const untilRest = async (seconds: number): Promise<void> => {
      asked.push(seconds);
    };
    const { result } = see([busy, busy, onNode1], { untilRest });
    expect(await result).toMatchObject({ passed: true });
    expect(asked).toEqual([]);
  });

  it('does not wait for rest when its time is over', async () => {
    const asked: number[] = [];
    const untilRest = async (seconds: number): Promise<void> => {
      asked.push(seconds);
    };
    const { result } = see([busy], { patient: true, within: 0, untilRest });
    expect(await result).toMatchObject({ passed: false });
    expect(asked).toEqual([]);
  });

  it('takes answers that differ in how long they took for the same', async () => {
    const run = 'curl page';
    const refused = ['13 ms', '2 ms'].map((time) =>
      varied('vip-started', (draft) => {
        on(draft, 'storage').answers = {
          [run]: { output: `curl: (7) Failed to connect after ${time}`, exitCode: 7 },
        };
      }),
    );
    const asked = checkSchema.parse({ answer: { what: 'The page is there', run, on: 'storage' } });
    const { result, observed } = see(refused, { checks: [asked] });
    expect((await result).passed).toBe(false);
    expect(observed()).toBe(2);
  });

  it('does not believe a single pass', async () => {
    const stopped = recordedState('vip-resource-stopped');
    const { result, observed } = see([onNode1, stopped, stopped]);
    expect(await result).toMatchObject({ passed: false });
    expect(observed()).toBe(3);
  });

  it('does not believe two passes that tell different things', async () => {
    const { result, observed } = see([onNode1, onNode2, onNode2]);
    const { passed, verdicts } = await result;
    expect(passed).toBe(true);
    expect(verdicts[0]?.evidence).toContain('node2');
    expect(observed()).toBe(3);
  });

  it('waits on, when it is patient, for a machine that does not answer', async () => {
    // A second for each: the limit of 30 s passes while node2 is silent.
    const silent = Array<ClusterState>(40).fill(recordedState('one-node-down'));
    const wanted = checkSchema.parse({ membership: { nodes: 'all', quorate: true } });
    const options = { checks: [wanted], within: 30 };
    const patient = await see([...silent, onNode1], { ...options, patient: true }).result;
    expect(patient).toMatchObject({ passed: true });
    expect(patient.waitedSeconds).toBeGreaterThan(35);
    const gone = await see(silent, { ...options, patient: true }).result;
    expect(gone.passed).toBe(false);
    expect(gone.waitedSeconds).toBeGreaterThanOrEqual(90);
    expect(gone.waitedSeconds).toBeLessThan(92);
  });

  it('refuses early when the cluster is at rest', async () => {
    const here = checkSchema.parse({ address: { ip: '192.168.56.100', on: 'node1' } });
    const { result, observed, waits } = see([onNode2], { checks: [here] });
    const { passed, verdicts } = await result;
    expect(passed).toBe(false);
    expect(verdicts[0]?.evidence).toContain('node2');
    expect(observed()).toBe(2);
    expect(waits).toEqual([]);
  });

  it('waits while the cluster is on the move, and says once for what', async () => {
    const { result, waits } = see([busy, busy, busy, onNode1]);
    expect(await result).toMatchObject({ passed: true });
    expect(waits).toEqual(['The cluster is at work: its DC is in S_TRANSITION_ENGINE.']);
  });

  it('refuses at once what no waiting will mend, though the cluster is on the move', async () => {
    const moving = varied('vip-no-monitor', (draft) =>
      bothViews(draft, (status) => {
        status.dcState = 'S_TRANSITION_ENGINE';
      }),
    );
    const { result, observed } = see([moving]);
    expect((await result).verdicts[0]).toMatchObject({ passed: false, lasting: true });
    expect(observed()).toBe(1);
    const other = checkSchema.parse({ unit: { name: 'apache2', active: true, on: 'node1' } });
    const both = see([moving], { checks: [check, other] });
    expect((await both.result).passed).toBe(false);
    expect(both.observed()).toBe(2);
    const patient = see([moving, moving, onNode1], { patient: true });
    expect((await patient.result).passed).toBe(true);
  });

  it('gives up on a cluster that does not come to rest in time', async () => {
    const { result } = see([busy], { within: 10 });
    const { passed, waitedSeconds } = await result;
    expect(passed).toBe(false);
    expect(waitedSeconds).toBeGreaterThanOrEqual(10);
    expect(waitedSeconds).toBeLessThan(12);
  });

  it('waits for a pass even at rest when it is patient', async () => {
    const states = [...Array.from({ length: 8 }, () => none), onNode1];
    const { result, waits } = see(states, { patient: true });
    expect(await result).toMatchObject({ passed: true });
    expect(waits).toEqual(['The cluster has no resource ocf:heartbeat:IPaddr2.']);
  });

  it('gives up at its limit when it is patient', async () => {
    const { result } = see([none], { patient: true, within: 5 });
    const { passed, waitedSeconds } = await result;
    expect(passed).toBe(false);
    expect(waitedSeconds).toBeGreaterThanOrEqual(5);
    expect(waitedSeconds).toBeLessThan(7);
  });

  it('confirms a pass of the last moment', async () => {
    const { result, observed } = see([busy, onNode1], { within: 1 });
    expect(await result).toMatchObject({ passed: true });
    expect(observed()).toBe(3);
  });

  it('ends also when the passes never agree', async () => {
    const flapping = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0 ? onNode1 : onNode2,
    );
    const { result, observed } = see(flapping, { within: 5 });
    expect(await result).toMatchObject({ passed: false });
    expect(observed()).toBeLessThan(10);
  });

  it('observes twice even when no time is given', async () => {
    const { result, observed } = see([onNode1], { within: 0 });
    expect(await result).toMatchObject({ passed: true });
    expect(observed()).toBe(2);
  });

  it('stops when it is told to, and passes nothing unconfirmed', async () => {
    const { result, observed } = see([onNode1], { signal: AbortSignal.abort() });
    expect(await result).toMatchObject({ passed: false });
    expect(observed()).toBe(1);
  });

  it('lets an error of the observation through', async () => {
    const observe = async (): Promise<ClusterState> => {
      throw new Error('no ssh');
    };
    await expect(see([], { observe }).result).rejects.toThrow('no ssh');
  });

  it('judges every check', async () => {
    const online = checkSchema.parse({ online: { nodes: 'all', dc: true } });
    const { result } = see([none], { checks: [online, check] });
    const { passed, verdicts } = await result;
    expect(passed).toBe(false);
    expect(verdicts.map((verdict) => verdict.passed)).toEqual([true, false]);
  });
});
