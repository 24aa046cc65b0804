import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkEvent } from '../../src/events.ts';
import { bringUp } from '../../src/lab/bring-up.ts';
import { type Lab, labFiles, newRecord, writeLab } from '../../src/lab/lab.ts';
import { markOf, markWord } from '../../src/lab/process.ts';
import { providerOf } from '../../src/lab/providers/index.ts';
import { powerDown, removeMachines } from '../../src/lab/tear-down.ts';
import { runningVagrant, runVagrant, waitForEarlierVagrant } from '../../src/lab/vagrant.ts';
import { runLocally } from '../../src/local-runner.ts';
import type { Runner } from '../../src/run.ts';
import { putProgram } from '../program.ts';

/** Vagrant by a script of the test's in its place, on a lab whose machines nobody made. */

let folder = '';
let lab: Lab;
const given = { ...process.env };
const children: ChildProcess[] = [];
const quiet = (): void => {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-vagrant-'));
  process.env.HALAB_HOME = join(folder, 'home');
  process.env.PATH = `${folder}:${given.PATH}`;
  lab = writeLab(newRecord('one', { provider: 'virtualbox' }));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const name of Object.keys(process.env)) if (!(name in given)) delete process.env[name];
  Object.assign(process.env, given);
  rmSync(folder, { recursive: true });
});

const vagrant = (body: string): void => putProgram(folder, 'vagrant', body);
const pidFile = (): string => join(lab.folder, 'vagrant.pid');
const told = (): string[] => {
  const file = join(folder, 'told');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
/** All machines are off; each call is written down. */
const sayOff = `echo "$1" >> ${'$'}{0%/*}/told
for machine in node1 node2 storage; do echo "1,$machine,state,poweroff"; done`;

describe('the environment of vagrant', () => {
  const left = {
    HALAB_MACHINES: '9',
    HALAB_MEMORY: 'much',
    HALAB_SSH_KEY: '/nowhere',
    HALAB_ROOTLESS: '{}',
    VAGRANT_VAGRANTFILE: 'Another',
  };
  const forHand = (): string[] =>
    readFileSync(join(folder, 'env'), 'utf8')
      .split('\n')
      .filter((line) => /^(HALAB_|VAGRANT_VAGRANTFILE)/.test(line))
      .sort();

  it.each(['virtualbox', 'rootless'] as const)(
    'holds nothing that is for Vagrant by hand alone (%s)',
    async (provider) => {
      lab = writeLab({ ...lab.record, provider });
      Object.assign(process.env, left);
      vagrant(`env > ${folder}/env`);
      await runVagrant(lab, ['up'], { log: 'up.log' });
      expect(forHand()).toEqual([`HALAB_CONFIG=${labFiles.vagrantConfig(lab)}`]);
    },
  );

  it('nor does that of the vagrant that a provider asks', async () => {
    Object.assign(process.env, left);
    vagrant(`env > ${folder}/env\n${sayOff}`);
    await providerOf(lab, runLocally).states();
    expect(forHand()).toEqual([`HALAB_CONFIG=${labFiles.vagrantConfig(lab)}`]);
  });

  it('keeps what is the user’s own, for a provider of theirs', async () => {
    process.env.VAGRANT_HOME = '/somewhere';
    vagrant(`echo "$VAGRANT_HOME" > ${folder}/told`);
    await runVagrant(lab, ['up'], { log: 'up.log' });
    expect(told()).toEqual(['/somewhere']);
  });
});

describe('a vagrant that is asked to end', () => {
  it('is not started when that was asked before', async () => {
    vagrant(`echo started > ${folder}/told`);
    const running = runVagrant(lab, ['up'], { log: 'up.log', signal: AbortSignal.abort() });
    await expect(running).rejects.toMatchObject({ exitCode: 130 });
    expect(told()).toEqual([]);
  });

  it('is interrupted as by Ctrl-C, and its end is waited for', async () => {
    vagrant(
      `trap 'echo tidied > ${folder}/told; exit 1' INT\necho 1,,ui,info,begun\nwhile :; do sleep 0.05; done`,
    );
    const controller = new AbortController();
    const { exitCode } = await runVagrant(lab, ['up'], {
      log: 'up.log',
      signal: controller.signal,
      onLine: () => controller.abort(),
    });
    expect(exitCode).toBe(1);
    expect(told()).toEqual(['tidied']);
  });
});

describe('a bring-up that is asked to end', () => {
  const options = (run: Runner, signal: AbortSignal) => ({
    run,
    signal,
    emit: quiet,
    findAccelerator: async () => 'qemu' as const,
  });

  it('does nothing when that was asked before', async () => {
    vagrant(sayOff);
    const run: Runner = () => Promise.reject(new Error('a program was run'));
    await expect(bringUp(lab, options(run, AbortSignal.abort()))).rejects.toMatchObject({
      exitCode: 130,
    });
    expect(told()).toEqual([]);
  });

  it('ends after each of its steps', async () => {
    vagrant(sayOff);
    /** Runs programs and asks for the end when the one of that number has ended. */
    const endAfter = async (count: number): Promise<string[]> => {
      const controller = new AbortController();
      const ran: string[] = [];
      const run: Runner = async (command, given) => {
        ran.push(command.slice(0, 2).join(' '));
        const result = await runLocally(command, given);
        if (ran.length === count) controller.abort();
        return result;
      };
      await expect(bringUp(lab, options(run, controller.signal))).rejects.toMatchObject({
        exitCode: 130,
      });
      return ran;
    };
    expect(await endAfter(1)).toEqual(['ssh-keygen -q']);
    // The key is there now.
    expect(await endAfter(1)).toEqual(['vagrant status']);
    expect(told()).toEqual(['status']);
  });

  it('does not wait for an earlier vagrant to its end', async () => {
    const controller = new AbortController();
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    children.push(child);
    const mark = markOf(child.pid ?? 0);
    if (mark === null) throw new Error('no sleep');
    writeFileSync(pidFile(), markWord(mark));
    const events: WorkEvent[] = [];
    const waiting = waitForEarlierVagrant(
      lab,
      (event) => {
        events.push(event);
        controller.abort();
      },
      controller.signal,
    );
    await expect(waiting).rejects.toMatchObject({ exitCode: 130 });
    expect(events.map(({ type }) => type)).toEqual(['step-started', 'step-failed']);
    expect(markOf(mark.pid)).not.toBeNull();
  });
});

describe('a vagrant of an earlier halab', () => {
  it('is known by its start, not by its id alone', async () => {
    vagrant(`cat ${pidFile()} > ${folder}/told; sleep 0.3; cat ${pidFile()} > ${folder}/told`);
    await runVagrant(lab, ['up'], { log: 'up.log' });
    expect(told()[0]).toMatch(/^\d+-[0-9a-f]{16}$/);
    expect(existsSync(pidFile())).toBe(false);
    // An id that is another's by now: an older halab wrote no more than that.
    writeFileSync(pidFile(), `${process.pid}\n`);
    expect(runningVagrant(lab)).toBeNull();
    writeFileSync(pidFile(), `${process.pid}-0123456789abcdef\n`);
    expect(runningVagrant(lab)).toBeNull();
  });

  /** Starts one that works for a while. */
  const orphan = (seconds: string): ChildProcess => {
    const child = spawn('sleep', [seconds], { stdio: 'ignore' });
    children.push(child);
    const mark = markOf(child.pid ?? 0);
    if (mark === null) throw new Error('no sleep');
    writeFileSync(pidFile(), markWord(mark));
    return child;
  };

  /** Whether it lives; a zombie does not. */
  const unlessEnded = ({ pid }: ChildProcess): string =>
    `grep -qs '^State:.[^ZX]' /proc/${pid}/status`;

  it('is waited for by down', async () => {
    const child = orphan('1.5');
    vagrant(`${unlessEnded(child)} && echo too-early >> ${folder}/told\n${sayOff}`);
    await powerDown(lab, { run: runLocally, emit: quiet });
    expect(told()).toEqual(['status', 'halt']);
  });

  it('is ended before its machines are removed', async () => {
    const child = orphan('60');
    mkdirSync(labFiles.vagrantState(lab));
    writeFileSync(labFiles.vagrantConfig(lab), '');
    vagrant(`${unlessEnded(child)} && echo too-early >> ${folder}/told\n${sayOff}`);
    await removeMachines(lab, runLocally);
    expect(told()).toEqual(['destroy']);
  });
});

describe('the log of a vagrant', () => {
  it('is read to its end, however late the last line comes', async () => {
    vagrant('sleep 0.1; echo 1,,ui,info,first; sleep 0.3; printf "1,,ui,info,last\\n"');
    const { lines } = await runVagrant(lab, ['up'], { log: 'up.log' });
    expect(lines.map(({ data }) => data[1])).toEqual(['first', 'last']);
  });

  it('may vanish: what vagrant did is known even so', async () => {
    vagrant(`rm -r ${labFiles.logs(lab)}; sleep 0.4; exit 3`);
    const { exitCode, lines } = await runVagrant(lab, ['up'], { log: 'up.log' });
    expect({ exitCode, lines }).toEqual({ exitCode: 3, lines: [] });
  });
});
