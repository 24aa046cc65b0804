import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
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
import { parse, stringify } from 'yaml';
import { type Lab, labFiles, newRecord, writeLab } from '../../src/lab/lab.ts';
import { powerDown, removeMachines } from '../../src/lab/tear-down.ts';
import { completeVagrantConfig, writeVagrantConfig } from '../../src/lab/vagrant-config.ts';
import { runLocally } from '../../src/local-runner.ts';
import { vagrantFolder } from '../../src/paths.ts';
import { putProgram } from '../program.ts';

let folder = '';
let lab: Lab;
const given = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-config-'));
  process.env.HALAB_HOME = join(folder, 'home');
  process.env.PATH = `${folder}:${given.PATH}`;
  lab = writeLab(newRecord('one', { ports: { node1: 1, node2: 2, storage: 3 }, memory: 900 }));
});

afterEach(() => {
  for (const name of ['HALAB_HOME', 'PATH']) {
    if (given[name] === undefined) delete process.env[name];
    else process.env[name] = given[name];
  }
  rmSync(lab.runFolder, { recursive: true, force: true });
  const all = dirname(lab.runFolder);
  if (existsSync(all) && readdirSync(all).length === 0) rmdirSync(all);
  rmSync(folder, { recursive: true });
});

const config = () => parse(readFileSync(labFiles.vagrantConfig(lab), 'utf8'));

/** As halab wrote it when the cluster network was vde's. */
const older = {
  machines: 2,
  memory: 512,
  cpus: 1,
  network: '192.168.60',
  box: 'halab/debian13-0123456789ab',
  ssh_key: '/somewhere/ssh-key',
  prefix: 'halab',
  rootless: {
    switch: '/somewhere/sw.sock',
    pool: '/somewhere/images',
    ports: { node1: 7, node2: 8 },
  },
};

describe('the configuration of a lab that an older halab made', () => {
  it('gets what it lacks, and keeps what it has', () => {
    writeFileSync(labFiles.vagrantConfig(lab), stringify(older));
    completeVagrantConfig(lab);
    expect(config()).toMatchObject({
      ...older,
      rootless: { ...older.rootless, ports: { node1: 7, node2: 8 } },
    });
    expect(config().rootless.cables).toBe(join(lab.runFolder, 'sw'));
    expect(config().rootless.consoles).toMatch(/log$/);
    expect(config().accelerator).toBe('qemu');
  });

  it('is left alone when it lacks nothing', () => {
    writeVagrantConfig(lab);
    const before = readFileSync(labFiles.vagrantConfig(lab), 'utf8');
    completeVagrantConfig(lab);
    expect(readFileSync(labFiles.vagrantConfig(lab), 'utf8')).toBe(before);
  });

  it.each(['', '[', '- a list', 'rootless:\n'])('is written anew where it holds "%s"', (text) => {
    writeFileSync(labFiles.vagrantConfig(lab), text);
    completeVagrantConfig(lab);
    expect(config()).toMatchObject({ memory: 900, rootless: { ports: lab.record.ports } });
  });

  it.skipIf(spawnSync('sh', ['-c', 'command -v vagrant']).status !== 0)(
    'is refused by the Vagrantfile in a sentence while it lacks something (needs vagrant)',
    () => {
      const file = join(folder, 'older.yaml');
      writeFileSync(file, stringify(older));
      const { status, stdout, stderr } = spawnSync('vagrant', ['validate', '--ignore-provider'], {
        cwd: vagrantFolder,
        encoding: 'utf8',
        env: {
          PATH: given.PATH,
          HOME: folder,
          VAGRANT_HOME: join(folder, 'vagrant-home'),
          VAGRANT_DOTFILE_PATH: join(folder, 'dot'),
          VAGRANT_CHECKPOINT_DISABLE: '1',
          HALAB_CONFIG: file,
        },
      });
      expect(status).not.toBe(0);
      expect(`${stdout}${stderr}`).toContain(
        `${file} is of an older halab: it has no cables. \`halab down\` adds what it lacks.`,
      );
    },
  );

  it.each([
    ['down', () => powerDown(lab, { run: runLocally, emit: () => {} })],
    ['destroy', () => removeMachines(lab, runLocally)],
  ] as const)('is whole when %s calls vagrant', async (_, work) => {
    lab = writeLab({ ...lab.record, provider: 'libvirt' });
    writeFileSync(labFiles.vagrantConfig(lab), stringify({ machines: 2 }));
    mkdirSync(labFiles.vagrantState(lab));
    putProgram(
      folder,
      'vagrant',
      `cp "$HALAB_CONFIG" ${folder}/used
for machine in node1 node2 storage; do echo "1,$machine,state,poweroff"; done`,
    );
    await work();
    expect(parse(readFileSync(join(folder, 'used'), 'utf8'))).toMatchObject({
      machines: 2,
      memory: 900,
      prefix: 'halab-one',
    });
  });
});
