import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emit } from '../../src/events.ts';
import { changeLab, type LabRecord, readLab } from '../../src/lab/lab.ts';
import { halabHome } from '../../src/paths.ts';
import { lookOn, openAsItIs, openSession } from '../../src/session/open.ts';
import { type LabInMemory, makeLabInMemory } from '../lab-in-memory.ts';

let memory: LabInMemory;
let notes: string[];
const emit: Emit = (event) => {
  if (event.type === 'note') notes.push(event.text);
};
const open = () => openSession('test', emit, { tools: memory.tools });
const record = (): LabRecord => readLab('test').record;

const cutShort: Partial<LabRecord> = {
  fault: {
    drill: 'power-cut',
    machine: 'node1',
    since: '2026-11-30T08:00:00.000Z',
    units: ['corosync.service'],
    undo: null,
  },
};

beforeEach(() => {
  notes = [];
  memory = makeLabInMemory();
});
afterEach(() => memory.remove());

describe('a lab in which nothing stands', () => {
  it('is opened without a word, and no machine is asked', async () => {
    await open();
    expect(memory.asked).toEqual([]);
    expect(notes).toEqual([]);
  });

  it('gets its switch back, under the lock', async () => {
    memory.isPrepared = false;
    memory.before = () => {
      expect(readFileSync(join(halabHome(), 'locks', 'test.held'), 'utf8')).toContain('mending');
    };
    await open();
    expect(memory.asked).toEqual(['prepare']);
  });
});

describe('a drill that was cut short', () => {
  beforeEach(() => {
    changeLab(memory.lab, cutShort);
    memory.power.node1 = 'off';
  });

  it('is put back by who works on the cluster', async () => {
    const { lab } = await open();
    expect(lab.record.fault).toBeNull();
    expect(record().fault).toBeNull();
    expect(memory.power.node1).toBe('running');
    expect(memory.asked.at(-1)).toContain('systemctl start corosync.service');
    expect(notes).toEqual(['The drill "power-cut" was cut short. Putting the machines back.']);
  });

  it('keeps nobody out who looks on, or replaces the machines', async () => {
    memory.before = (question) => {
      if (question.startsWith('start')) throw new Error('it does not start');
    };
    await expect(open()).rejects.toThrow('it does not start');
    const { lab } = await openAsItIs('test', emit, { tools: memory.tools });
    expect(lab.record.fault).not.toBeNull();
    expect(lookOn('test').lab.record.fault).not.toBeNull();
  });

  it('is put back by the next command, wherever this one dies', async () => {
    await open();
    const questions = memory.asked.length;
    expect(questions).toBeGreaterThan(2);
    for (let deadline = 1; deadline <= questions; deadline++) {
      changeLab(memory.lab, cutShort);
      memory.power.node1 = 'off';
      let asked = 0;
      memory.before = () => {
        asked += 1;
        if (asked === deadline) throw new Error('killed');
      };
      await expect(open(), `dies at question ${deadline}`).rejects.toThrow('killed');
      memory.before = () => {};
      await open();
      expect(record().fault, `after a death at question ${deadline}`).toBeNull();
      expect(memory.power.node1).toBe('running');
    }
  });
});

describe('saving the machines that was cut short', () => {
  beforeEach(() => {
    changeLab(memory.lab, { checkpointing: { doing: 'saving', name: 'mine' } });
    memory.power.node1 = 'paused';
    memory.checkpoints.add('mine');
  });

  it('is undone: they run on, and the part that was saved goes', async () => {
    await open();
    expect(record().checkpointing).toBeNull();
    expect(memory.power.node1).toBe('running');
    expect([...memory.checkpoints]).toEqual([]);
    expect(notes).toEqual(['Saving the machines as "mine" was cut short: it is undone.']);
  });
});

describe('bringing the machines back that was cut short', () => {
  it('keeps nobody out when its checkpoint is gone, and says what that means', async () => {
    changeLab(memory.lab, { checkpointing: { doing: 'restoring', name: 'gone' } });
    memory.power.node2 = 'paused';
    await open();
    expect(record().checkpointing).toBeNull();
    expect(memory.power.node2).toBe('running');
    expect(notes).toEqual([
      'Bringing the machines back to "gone" was cut short.',
      expect.stringContaining('the machines may be of different moments'),
    ]);
    expect(notes[1]).toContain('halab reset');
    expect(memory.asked).not.toContain('restore gone');
  });
});
