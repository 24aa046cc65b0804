import { describe, expect, it } from 'vitest';
import { judge, lookAtRing } from '../../src/checks/index.ts';
import { wrongTurns } from '../../src/checks/wrong-turns.ts';
import { settlingReason } from '../../src/cluster/settling.ts';
import { checksOfCourse as checks } from '../fixtures/course.ts';
import { machines, recordedNames, recordedState } from '../fixtures/load.ts';
import { varied } from './varied.ts';

const silent = (name: string) =>
  varied(name, (draft) => {
    for (const machine of Object.values(draft.machines))
      if (machine.reachable) machine.corosync = null;
  });

describe("Corosync's ring", () => {
  it.each(['vip-started', 'split-membership', 'drbd-two-nodes', 'nfs-export-done'])(
    'decides no check of the course for which it is not asked, as in %s',
    (name) => {
      const others = checks.filter((check) => !lookAtRing([check]));
      expect(others.length).toBeGreaterThan(100);
      const [asked, unasked] = [recordedState(name), silent(name)];
      for (const check of others) {
        expect(judge(check, unasked, machines)).toEqual(judge(check, asked, machines));
      }
    },
  );

  it.each(recordedNames())('unasked changes neither rest nor wrong turns, as in %s', (name) => {
    const [asked, unasked] = [recordedState(name), silent(name)];
    expect(settlingReason(unasked)).toBe(settlingReason(asked));
    expect(wrongTurns({ state: unasked, machines })).toEqual(
      wrongTurns({ state: asked, machines }),
    );
  });

  it('is asked for a membership', () => {
    const member = checks.filter(({ membership }) => membership !== undefined);
    expect(member.length).toBeGreaterThan(0);
    const unasked = silent('vip-started');
    for (const check of member) {
      expect(lookAtRing([...checks.slice(0, 1), check])).toBe(true);
      expect(judge(check, unasked, machines).passed).toBe(false);
    }
    expect(lookAtRing([])).toBe(false);
  });
});
