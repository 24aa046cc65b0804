import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { labFiles, newRecord, readLab, writeLab } from '../../src/lab/lab.ts';
import { putProgram } from '../program.ts';
import { type OwnHalab, ownHalab } from './halab.ts';

let halab: OwnHalab;
beforeEach(() => {
  halab = ownHalab();
  writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2, complete: true }));
});
afterEach(() => halab.remove());

/** A file that a program of the test makes when halab has come to it. */
const reached = (): string => join(halab.programs, 'reached');

/** halab's own handlers of a signal, by their name: those of vitest and of execa are none of a test's business. */
const handlers = (signal: 'SIGINT' | 'SIGTERM'): (() => void)[] =>
  process.listeners(signal).filter(({ name }) => name === 'stop') as unknown as (() => void)[];

/**
 * Interrupts halab when it has come to the program that makes the file `reached`. As a terminal does it, the programs
 * that halab runs are interrupted too. In this process, since another takes seconds to load all of halab.
 */
async function interrupt(words: readonly string[], whom: 'halab' | 'terminal') {
  if (whom === 'terminal') vi.stubEnv('INTERRUPTED', '1');
  // Whether halab was interrupted is told once and for all.
  vi.resetModules();
  const ended = halab.run(...words);
  let done = false;
  void ended.then(() => {
    done = true;
  });
  while (!existsSync(reached()) && !done) await sleep(20);
  expect(existsSync(reached())).toBe(true);
  expect(handlers('SIGINT')).toHaveLength(1);
  for (const stop of handlers('SIGINT')) stop();
  const result = await ended;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    for (const stop of handlers(name)) process.off(name, stop);
  return result;
}

/** What a program of this test does when halab asks it: it says that it was reached, and is slow or interrupted then. */
const slow = (): string =>
  `touch ${reached()}; sleep 1; [ -z "$INTERRUPTED" ] || kill -INT $$; [ -z "$INTERRUPTED" ] || exit 130`;

const everybody = [['halab'], ['terminal']] as const;

describe('Ctrl-C', () => {
  it.each(everybody)(
    'in up, while Vagrant is asked for its state (to %s): 130, and nothing is made',
    async (whom) => {
      putProgram(
        halab.programs,
        'vagrant',
        `echo "$1" >> ${halab.programs}/ran
        [ "$1" != status ] || { ${slow()}; for m in node1 node2; do echo "1,$m,state,not_created"; done; }`,
      );
      const { code, said } = await interrupt(['up'], whom);
      expect(code).toBe(130);
      expect(said).toContain('Interrupted. Nothing is lost');
      expect(readFileSync(join(halab.programs, 'ran'), 'utf8')).toBe('status\n');
    },
  );

  it('in up, while this computer is looked at: 130, and nothing is called missing', async () => {
    writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2 }));
    putProgram(halab.programs, 'vagrant', `${slow()}; exit 1`);
    const { code, said } = await interrupt(['up'], 'terminal');
    expect(code).toBe(130);
    expect(said).not.toContain('cannot run the lab');
  });

  it.each(everybody)('in check (to %s): 130, and nothing is said of the task', async (whom) => {
    putProgram(halab.programs, 'ssh', `${slow()}; exit 255`);
    const { code, said } = await interrupt(['check'], whom);
    expect(code).toBe(130);
    expect(said).not.toMatch(/Not yet|Done/);
    expect(existsSync(labFiles.progress(readLab('default')))).toBe(false);
  });

  it('in hint, while the machines are looked at: 130, and no hint is used up', async () => {
    putProgram(
      halab.programs,
      'vagrant',
      'for m in node1 node2; do echo "1,$m,state,running"; done',
    );
    putProgram(halab.programs, 'ssh', `${slow()}; exit 255`);
    const { code } = await interrupt(['hint'], 'terminal');
    expect(code).toBe(130);
    expect(existsSync(labFiles.progress(readLab('default')))).toBe(false);
  });
});
