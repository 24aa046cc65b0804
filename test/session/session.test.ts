import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { solution } from '../../src/commands/solution.ts';
import { type Lab, newRecord, writeLab } from '../../src/lab/lab.ts';
import { withLock } from '../../src/lab/lock.ts';
import { areFoldersPrepared, prepareFolders } from '../../src/lab/providers/rootless/folders.ts';
import { isSwitchAtWork } from '../../src/lab/providers/rootless/switch-process.ts';
import { openSession } from '../../src/session/open.ts';
import { putProgram } from '../program.ts';

/** A lab whose machines are a script in ssh's place. */

let folder = '';
const given = { ...process.env };
const labs: Lab[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-session-'));
  process.env.HALAB_HOME = join(folder, 'home');
  process.env.PATH = `${folder}:${given.PATH}`;
});

afterEach(() => {
  for (const name of ['HALAB_HOME', 'PATH']) {
    if (given[name] === undefined) delete process.env[name];
    else process.env[name] = given[name];
  }
  for (const { runFolder } of labs.splice(0)) {
    rmSync(runFolder, { recursive: true, force: true });
    const all = dirname(runFolder);
    if (existsSync(all) && readdirSync(all).length === 0) rmdirSync(all);
  }
  rmSync(folder, { recursive: true });
});

function makeLab(provider: 'rootless' | 'virtualbox'): Lab {
  const lab = writeLab(newRecord('one', { provider, machineCount: 2 }));
  labs.push(lab);
  return lab;
}
const ran = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('script-'))
    .sort();

describe('opening a lab', () => {
  it('mends the switch under the lock of the lab', async () => {
    const lab = makeLab('rootless');
    await withLock('one', 'another halab', async () => {
      await expect(openSession('one', () => {})).rejects.toThrow(
        'Another halab is at work on this lab.',
      );
    });
    expect(areFoldersPrepared(lab)).toBe(false);
    expect(isSwitchAtWork(lab)).toBe(false);
    prepareFolders(lab);
    expect(areFoldersPrepared(lab)).toBe(true);
    rmSync(join(lab.runFolder, 'c'));
    expect(areFoldersPrepared(lab)).toBe(false);
  });

  it('needs no lock where there is nothing to mend', async () => {
    makeLab('virtualbox');
    await withLock('one', 'another halab', async () => {
      expect((await openSession('one', () => {})).lab.record.name).toBe('one');
    });
  });

  it('puts the machines back under a lock that the caller holds', async () => {
    const record = makeLab('virtualbox').record;
    const checkpointing = { doing: 'saving', name: 'half' } as const;
    writeLab({ ...record, checkpointing });
    putProgram(
      folder,
      'vagrant',
      'for machine in node1 node2; do echo "1,$machine,state,poweroff"; done',
    );
    const opened = await withLock('one', 'a long job', () =>
      openSession('one', () => {}, { isLocked: true }),
    );
    expect(opened.lab.record.checkpointing).toBeNull();
  });
});

describe('halab solution --run', () => {
  const options = { lab: 'one', labNamed: true, yes: true, verbose: false };

  it('runs nothing while another halab is at work, and runs under the lock', async () => {
    makeLab('virtualbox');
    // It is at work on a machine when it asks for the lock.
    putProgram(
      folder,
      'ssh',
      `cat > ${folder}/script-$$\nflock -n ${folder}/home/locks/one.held true && echo free > ${folder}/free\nexit 0`,
    );
    await withLock('one', 'another halab', async () => {
      await expect(solution(options, undefined, { run: true })).rejects.toThrow(
        'Another halab is at work on this lab.',
      );
    });
    expect(ran()).toEqual([]);
    expect(await solution(options, undefined, { run: true })).toBe(0);
    expect(ran().length).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'free'))).toBe(false);
  });
});

describe('the clocks of the machines', () => {
  it('are set to the time at which it is sent, after the connection stands', async () => {
    const lab = makeLab('virtualbox');
    // A handshake takes its time; over a connection that stands the script arrives at once.
    putProgram(
      folder,
      'ssh',
      `for word; do case $word in node*) machine=$word ;; esac; done
[ -e ${folder}/stands-$machine ] || { sleep 1.5; touch ${folder}/stands-$machine; }
date +%s.%N > ${folder}/arrived-$machine
cat > ${folder}/script-$machine`,
    );
    const session = await openSession('one', () => {});
    await session.observe({ setClocks: true });
    for (const { name } of lab.machines) {
      const script = readFileSync(join(folder, `script-${name}`), 'utf8');
      const [, time = ''] = /^observe .*'(\d{10}\.\d{3})'/m.exec(script) ?? [];
      const arrived = Number(readFileSync(join(folder, `arrived-${name}`), 'utf8'));
      expect(arrived - Number(time)).toBeLessThan(1.4);
      expect(arrived - Number(time)).toBeGreaterThanOrEqual(0);
    }
  });

  it('are set by one command more only where no connection stands', async () => {
    const lab = makeLab('virtualbox');
    putProgram(folder, 'ssh', `echo call >> ${folder}/calls\ncat > /dev/null`);
    prepareFolders(lab);
    for (const { name } of lab.machines) writeFileSync(join(lab.runFolder, `ssh-${name}-root`), '');
    await (await openSession('one', () => {})).observe({ setClocks: true });
    expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).toHaveLength(2);
  });
});
