import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HalabError } from '../../src/errors.ts';
import type { WorkEvent } from '../../src/events.ts';
import { bringUp } from '../../src/lab/bring-up.ts';
import { newRecord, readLab, writeLab } from '../../src/lab/lab.ts';
import { runLocally } from '../../src/local-runner.ts';
import { putProgram } from '../program.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-bring-up-'));
  vi.stubEnv('HALAB_HOME', join(folder, 'home'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  putProgram(folder, 'ssh', 'exit 255');
  writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2 }));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A vagrant whose `up` does what is given, and whose `status` tells of the machines that were noted in `made`. */
const putVagrant = (up: string): void =>
  putProgram(
    folder,
    'vagrant',
    `made=${folder}/made
echo "$1" >> ${folder}/ran
touch "$made"
case "$1" in
  up) ${up} ;;
  status) for m in node1 node2; do
    s=$(grep "^$m " "$made" | cut -d ' ' -f 2); echo "1,$m,state,\${s:-not_created}"
  done ;;
  *) echo "no $1 in this test" >&2; exit 1 ;;
esac`,
  );

/** Brings the lab up. @returns how it failed, and what was shown of the machines until then. */
async function failure(): Promise<{ error: HalabError; shown: string[] }> {
  const events: WorkEvent[] = [];
  try {
    await bringUp(readLab('default'), {
      run: runLocally,
      emit: (event) => events.push(event),
      findAccelerator: async () => 'qemu',
    });
  } catch (error) {
    if (!(error instanceof HalabError)) throw error;
    const shown = events.flatMap((event) =>
      event.type === 'step-done' || event.type === 'step-failed'
        ? [`${event.type} ${event.step}`]
        : [],
    );
    return { error, shown };
  }
  throw new Error('it did not fail');
}

const saysDone = 'for m in node1 node2; do echo "1,$m,action,up,end"; done';

describe('a vagrant up that ends with 0', () => {
  it.each([
    ['does nothing', 'true'],
    ['says that all is done, and does nothing', saysDone],
    ['has left them off', `${saysDone}; printf 'node1 poweroff\\nnode2 aborted\\n' > "$made"`],
  ])('and %s is not believed', async (_, up) => {
    putVagrant(up);
    const { error, shown } = await failure();
    expect(error.exitCode).toBe(3);
    expect(error.message).toBe('Vagrant says that all is well, but node1 and node2 do not run.');
    expect(error.reason).toContain('vagrant-up.log');
    expect(shown).toEqual(['step-failed node1', 'step-failed node2']);
    // Nobody waits for machines that are not there, and the lab is not complete.
    expect(readFileSync(join(folder, 'ran'), 'utf8')).toBe('status\nup\nstatus\n');
    expect(readLab('default').record.complete).toBe(false);
  });

  it('is believed of the machines that run', async () => {
    putVagrant(`${saysDone}; echo 'node2 running' > "$made"`);
    const { error, shown } = await failure();
    expect(error.message).toBe('Vagrant says that all is well, but node1 does not run.');
    expect(shown).toEqual(['step-failed node1', 'step-done node2']);
  });

  it('is believed when all run: then they are asked how to reach them', async () => {
    putVagrant(`printf 'node1 running\\nnode2 running\\n' > "$made"`);
    const { error, shown } = await failure();
    expect(error.message).toBe('Vagrant does not say how to reach node1.');
    expect(shown).toEqual(['step-done node1', 'step-done node2']);
  });
});

describe('a vagrant up that fails', () => {
  it('has made what it said it made, if that runs', async () => {
    putVagrant(`echo "1,node1,action,up,end"; echo 'node1 running' > "$made"; exit 1`);
    const { error, shown } = await failure();
    expect(error.message).toBe('The machines could not all be brought up.');
    expect(shown).toEqual(['step-done node1', 'step-failed node2']);
  });
});
