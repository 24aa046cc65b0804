import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultKind, faultNames } from '../../src/faults/kinds.ts';
import { newRecord, readLab, writeLab } from '../../src/lab/lab.ts';
import { type OwnHalab, ownHalab } from './halab.ts';

let halab: OwnHalab;
beforeEach(() => {
  halab = ownHalab();
  writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2, complete: true }));
});
afterEach(() => halab.remove());

const timed = faultNames.filter((name) => faultKind(name).lasts !== null);
const untimed = faultNames.filter((name) => faultKind(name).lasts === null);

describe('halab fault --for', () => {
  it.each(untimed)('is refused for %s, which does not end by itself', async (kind) => {
    const { code, said } = await halab.run('fault', kind, 'node1', '--for', '60');
    expect(code).toBe(2);
    expect(said).toContain(`The fault ${kind} does not end by itself, so --for has no use.`);
    expect(said).toContain(timed.join(', '));
    expect(readLab('default').record.standing).toEqual([]);
  });

  it.each(timed)('is taken for %s', async (kind) => {
    const { code, said } = await halab.run('fault', kind, 'node1', '--for', '60');
    // The machines of this test do not answer, and Vagrant, through which all goes there, pulls no cable.
    expect(said).toContain(
      kind === 'unplug' ? 'cannot pull the cable of node1' : 'node1 does not answer',
    );
    expect(code).toBe(2);
  });

  it.each([
    ['fault --for 60', '--for says how long'],
    ['fault --undo --for 60', '--for says how long'],
    ['fault --undo block node1 --for 60', '--for says how long'],
    ['fault --unit apache2', '--unit names the service of the fault stop-service'],
    ['fault block node1 --unit apache2', '--unit names the service of the fault stop-service'],
    ['fault --undo stop-service --unit apache2', '--unit names the service'],
    ['fault block --for 0', 'It must be a whole number above 0.'],
  ])('halab %s is refused: nothing would come of it', async (words, sentence) => {
    const { code, said } = await halab.run(...words.split(' '));
    expect(code).toBe(2);
    expect(said).toContain(sentence);
  });
});
