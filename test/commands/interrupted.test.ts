import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labFiles, newRecord, readLab, writeLab } from '../../src/lab/lab.ts';
import { putProgram } from '../program.ts';
import { type OwnHalab, ownHalab } from './halab.ts';

const launcher = fileURLToPath(new URL('../terminal/run-typescript.mjs', import.meta.url));
const runner = fileURLToPath(new URL('main-runner.ts', import.meta.url));

let halab: OwnHalab;
beforeEach(() => {
  halab = ownHalab();
  writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2, complete: true }));
});
afterEach(() => halab.remove());

/** A file that a program of the test makes when halab has come to it. */
const reached = (): string => join(halab.programs, 'reached');

/** Interrupts halab when it has come to the program that makes the file `reached`. */
async function interrupt(words: readonly string[], whom: 'halab' | 'terminal') {
  const child = spawn(process.execPath, [launcher, runner, ...words], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part) => {
      said += String(part);
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const { pid } = child;
  if (pid === undefined) throw new Error('halab was not started');
  while (!existsSync(reached()) && child.exitCode === null) await sleep(20);
  expect(existsSync(reached()), said).toBe(true);
  // A terminal sends it to all programs in the foreground.
  process.kill(whom === 'terminal' ? -pid : pid, 'SIGINT');
  return { code: await ended, said: said.replaceAll(/\s+/g, ' ') };
}

const everybody = [['halab'], ['terminal']] as const;

describe('Ctrl-C', () => {
  it.each(everybody)(
    'in up, while Vagrant is asked for its state (to %s): 130, and nothing is made',
    async (whom) => {
      putProgram(
        halab.programs,
        'vagrant',
        `echo "$1" >> ${halab.programs}/ran
        [ "$1" != status ] || { touch ${reached()}; sleep 2; for m in node1 node2; do echo "1,$m,state,not_created"; done; }`,
      );
      const { code, said } = await interrupt(['up'], whom);
      expect(code).toBe(130);
      expect(said).toContain('Interrupted. Nothing is lost');
      expect(readFileSync(join(halab.programs, 'ran'), 'utf8')).toBe('status\n');
    },
  );

  it('in up, while this computer is looked at: 130, and nothing is called missing', async () => {
    writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2 }));
    putProgram(halab.programs, 'vagrant', `touch ${reached()}; sleep 2; exit 1`);
    const { code, said } = await interrupt(['up'], 'terminal');
    expect(code).toBe(130);
    expect(said).not.toContain('cannot run the lab');
  });

  it.each(everybody)('in check (to %s): 130, and nothing is said of the task', async (whom) => {
    putProgram(halab.programs, 'ssh', `touch ${reached()}; sleep 2; exit 255`);
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
    putProgram(halab.programs, 'ssh', `touch ${reached()}; sleep 2; exit 255`);
    const { code } = await interrupt(['hint'], 'terminal');
    expect(code).toBe(130);
    expect(existsSync(labFiles.progress(readLab('default')))).toBe(false);
  });
});
