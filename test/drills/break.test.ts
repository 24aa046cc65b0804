import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Drill } from '../../src/course/lesson.ts';
import { breakIt, inWords, victimOf } from '../../src/drills/break.ts';
import { readLab } from '../../src/lab/lab.ts';
import { sessionOf } from '../../src/session/session.ts';
import { recordedState } from '../fixtures/load.ts';
import { type LabInMemory, makeLabInMemory, unreachable } from '../lab-in-memory.ts';

let memory: LabInMemory;
beforeEach(() => {
  memory = makeLabInMemory();
});
afterEach(() => memory.remove());

const script: Drill = {
  id: 'mistake',
  title: 'A mistake',
  fault: {
    kind: 'script',
    machine: 'storage',
    what: 'The storage no longer lets {{active}} in.',
    run: 'deny {{active}}',
    undo: 'allow {{active}}',
  },
  within: 1,
  hold: null,
  // biome-ignore lint/suspicious/noThenProperty: the name in the lesson's file
  then: [],
  after: [],
};

describe("a drill's script", () => {
  it('runs on its machine, and knows the active node', async () => {
    const victim = victimOf(script.fault, 'node2');
    expect(victim).toBe('storage');
    expect(inWords(script.fault, { victim, active: 'node2' })).toEqual({
      doing: 'The storage no longer lets node2 in',
      done: 'The storage no longer lets node2 in.',
    });
    memory.power.storage = 'running';
    const session = sessionOf(memory.lab, () => {}, memory.tools);
    const before = recordedState('vip-started');
    await breakIt(session, script, { victim, active: 'node2', before, emit: () => {} });
    expect(memory.asked).toEqual(['on storage: deny node2']);
    expect(readLab('test').record.fault).toMatchObject({
      drill: 'mistake',
      machine: 'storage',
      undo: 'allow node2',
    });
  });

  it('is on record before it runs, also when it fails', async () => {
    memory.power.storage = 'running';
    memory.answer = () => ({ ...unreachable, reached: true, exitCode: 1, stderr: 'deny: unknown' });
    const session = sessionOf(memory.lab, () => {}, memory.tools);
    const before = recordedState('vip-started');
    memory.before = () => expect(readLab('test').record.fault?.drill).toBe('mistake');
    await expect(
      breakIt(session, script, { victim: 'storage', active: 'node1', before, emit: () => {} }),
    ).rejects.toMatchObject({ reason: 'deny: unknown' });
    expect(memory.asked).toHaveLength(1);
  });
});
