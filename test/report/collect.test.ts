import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { labFiles, newRecord, writeLab } from '../../src/lab/lab.ts';
import type { Shell } from '../../src/lab/machine.ts';
import { runLocally } from '../../src/local-runner.ts';
import { collectReport } from '../../src/report/collect.ts';

let home = '';
const given = process.env.HALAB_HOME;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'halab-collect-'));
  process.env.HALAB_HOME = home;
});
afterEach(() => {
  if (given === undefined) delete process.env.HALAB_HOME;
  else process.env.HALAB_HOME = given;
  rmSync(home, { recursive: true });
});

const silent: Shell = {
  runAsRoot: async () => ({
    reached: false,
    exitCode: null,
    stdout: '',
    stderr: 'it is off',
    milliseconds: 1,
  }),
};

it('a report is made also when a file of the lab vanishes, or its logs were never there', async () => {
  const lab = writeLab(newRecord('one'));
  // Listed, and gone when it is read.
  symlinkSync('/nowhere', join(labFiles.logs(lab), 'gone.log'));
  writeFileSync(join(labFiles.logs(lab), 'there.log'), 'said\n');
  const archive = join(home, 'a.tar.gz');
  const tools = { shell: silent, run: runLocally, facts: {} };
  expect(await collectReport(lab, archive, tools)).toEqual(lab.machines.map(({ name }) => name));
  const text = (name: string): string =>
    execFileSync('tar', ['-xzOf', archive, `a/${name}`], { encoding: 'utf8' });
  expect(text('gone.log')).toBe('It could not be read.\n');
  expect(text('there.log')).toBe('said\n');
  rmSync(labFiles.logs(lab), { recursive: true });
  expect(await collectReport(lab, archive, tools)).toHaveLength(3);
  expect(text('lab.json')).toContain('"name": "one"');
});
