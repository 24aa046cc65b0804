import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Lab, labFiles, newRecord, writeLab } from '../../src/lab/lab.ts';
import { putProgram } from '../program.ts';
import { type OwnHalab, ownHalab } from './halab.ts';

let halab: OwnHalab;
let lab: Lab;
beforeEach(() => {
  halab = ownHalab();
  lab = writeLab(newRecord('default', { provider: 'virtualbox', machineCount: 2, complete: true }));
  putProgram(
    halab.programs,
    'vagrant',
    'for machine in node1 node2; do echo "1,$machine,state,poweroff"; done',
  );
});
afterEach(() => halab.remove());

describe('halab status', () => {
  it.each([['progress'], ['checkpoints']] as const)(
    'tells that %s.json could not be read, and keeps it',
    async (name) => {
      writeFileSync(labFiles[name](lab), '{');
      const { code, said } = await halab.run('status');
      expect(code).toBe(0);
      expect(said).toContain('could not be read. It was kept as');
      const [kept = ''] = readdirSync(lab.folder).filter((file) =>
        file.startsWith(`${name}.json.`),
      );
      expect(said).toContain(kept);
      expect(readFileSync(join(lab.folder, kept), 'utf8')).toBe('{');
      expect((await halab.run('status')).said).not.toContain('could not be read');
    },
  );

  it.each([['progress'], ['checkpoints']] as const)(
    'leaves %s.json of a newer halab alone, and says so',
    async (name) => {
      writeFileSync(labFiles[name](lab), '{"format":2}');
      const { code, said } = await halab.run('status');
      expect(code).toBe(2);
      expect(said).toContain('was written by a newer halab');
      expect(readFileSync(labFiles[name](lab), 'utf8')).toBe('{"format":2}');
    },
  );
});

describe('a file of a lab that is a pipe', () => {
  it.each([
    ['progress', 'The file with your progress cannot be read.'],
    ['checkpoints', "The file with the list of the lab's checkpoints cannot be read."],
    ['record', 'The record of the lab "default" cannot be read.'],
  ] as const)('is told, and nobody waits: %s', async (name, sentence) => {
    rmSync(labFiles[name](lab), { force: true });
    execFileSync('mkfifo', [labFiles[name](lab)]);
    const { code, said } = await halab.run('status');
    expect(code).toBe(3);
    expect(said).toContain(sentence);
    expect(said).toContain('it is a pipe; expected an ordinary file');
  });

  it('is no configuration from which a record could be rebuilt', async () => {
    writeFileSync(labFiles.record(lab), '{');
    execFileSync('mkfifo', [labFiles.vagrantConfig(lab)]);
    expect(await halab.run('status')).toMatchObject({ code: 3 });
  });

  it('may be a folder or no text as well', async () => {
    mkdirSync(labFiles.progress(lab));
    expect((await halab.run('lessons')).said).toContain('it is a folder');
    rmSync(labFiles.progress(lab), { recursive: true });
    writeFileSync(labFiles.progress(lab), Buffer.from('{"format":1,"chosen":"\xfc"}', 'latin1'));
    const { code, said } = await halab.run('lessons');
    expect(code).toBe(0);
    expect(said).toContain('could not be read. It was kept as');
    expect(existsSync(labFiles.progress(lab))).toBe(false);
  });
});
