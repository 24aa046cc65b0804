import { describe, expect, it } from 'vitest';
import { newRecord, type StandingFault } from '../../src/lab/lab.ts';
import { isHalfDone, whatStands } from '../../src/session/standing.ts';

const now = new Date('2026-11-30T08:00:00.000Z');
const minutes = (count: number): string => new Date(now.getTime() + count * 60_000).toISOString();
const clock = (time: string): string => new Date(time).toLocaleTimeString('sv-SE');
const hang: StandingFault = {
  kind: 'hang',
  machine: 'node1',
  since: minutes(-1),
  until: minutes(1),
  units: [],
  unit: '',
  agent: '',
  timer: null,
  timerStarted: null,
  drill: null,
};
const stands = (...standing: StandingFault[]) => whatStands(newRecord('test', { standing }), now);

describe('what stands in a lab', () => {
  it('is nothing at first', () => {
    expect(whatStands(newRecord('test'), now)).toEqual([]);
    expect(isHalfDone(newRecord('test'))).toBe(false);
  });

  it('is a fault of the learner, with its end', () => {
    expect(stands(hang)).toEqual([
      `node1 was broken at ${clock(hang.since)} (hang). It ends by itself at ${clock(minutes(1))}, or by: halab fault --undo`,
    ]);
    expect(isHalfDone(newRecord('test', { standing: [hang] }))).toBe(false);
    expect(stands({ ...hang, until: null })[0]).toContain('Undo it: halab fault --undo');
  });

  it('is a fault that should have ended, and did not say that it did', () => {
    expect(stands({ ...hang, until: minutes(-0.5) })[0]).toBe(
      `node1 was broken at ${clock(hang.since)} (hang). It was to end by itself at ${clock(minutes(-0.5))}; make sure: halab fault --undo`,
    );
  });

  it('is what a drill broke', () => {
    const fault = { drill: 'cut', machine: 'node2', since: minutes(-2), units: [], undo: null };
    const record = newRecord('test', { fault });
    expect(isHalfDone(record)).toBe(true);
    expect(whatStands(record, now)).toEqual([
      `node2 was broken by the drill "cut" at ${clock(minutes(-2))}. The drill puts it back; if it was cut short, the next halab check does.`,
    ]);
    const kind = { ...hang, drill: 'cut' };
    expect(isHalfDone(newRecord('test', { standing: [kind] }))).toBe(true);
    expect(stands(kind)[0]).toContain('by the drill "cut"');
  });

  it('is a checkpoint that is on its way', () => {
    for (const doing of ['saving', 'restoring'] as const) {
      const record = newRecord('test', { checkpointing: { doing, name: 'mine' } });
      expect(isHalfDone(record)).toBe(true);
      expect(whatStands(record, now)).toEqual([expect.stringContaining('"mine"')]);
    }
  });
});
