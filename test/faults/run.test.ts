import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { patiently } from '../../src/commands/fault.ts';
import { beginFault } from '../../src/faults/run.ts';
import { readLab } from '../../src/lab/lab.ts';
import { LabBusy } from '../../src/lab/lock.ts';
import { sessionOf, type Tools } from '../../src/session/session.ts';
import { type LabInMemory, makeLabInMemory } from '../lab-in-memory.ts';

let memory: LabInMemory;
beforeEach(() => {
  memory = makeLabInMemory();
});
afterEach(() => memory.remove());

describe('unplugging a machine whose hypervisor cannot do it', () => {
  it('is refused before anything is recorded, asked or started', async () => {
    const tools: Tools = {
      ...memory.tools,
      providerOf: (lab) => ({ ...memory.tools.providerOf(lab), canUnplug: false }),
    };
    const session = sessionOf(memory.lab, () => {}, tools);
    const options = { emit: () => {}, lasts: null, unit: '' };
    await expect(beginFault(session, 'unplug', 'node1', options)).rejects.toMatchObject({
      exitCode: 2,
      next: expect.stringContaining('halab fault block node1'),
    });
    expect(memory.asked).toEqual([]);
    expect(readLab('test').record.standing).toEqual([]);
  });
});

describe('the end of a fault whose time has come', () => {
  const busy = new LabBusy('Another halab is at work on this lab.');

  it('waits for a halab that is at work', async () => {
    let tries = 0;
    const work = async (): Promise<string> => {
      if (++tries < 3) throw busy;
      return 'undone';
    };
    expect(await patiently(60_000, work, 1)).toBe('undone');
    expect(tries).toBe(3);
  });

  it('does not wait for ever, nor for anything else', async () => {
    await expect(patiently(0, () => Promise.reject(busy), 1)).rejects.toBe(busy);
    const other = new Error('the machine is gone');
    await expect(patiently(60_000, () => Promise.reject(other), 1)).rejects.toBe(other);
  });
});
