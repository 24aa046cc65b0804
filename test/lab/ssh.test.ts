import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { labFiles, newRecord, writeLab } from '../../src/lab/lab.ts';
import { writeSshConfig } from '../../src/lab/ssh.ts';

const given = process.env.HALAB_HOME;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-ssh-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (given === undefined) delete process.env.HALAB_HOME;
  else process.env.HALAB_HOME = given;
});

it.each(['plain', 'with blanks', "Дом, d'Ada", '100%d %%', 'a "quoted" one', 'back\\slash'])(
  'the real ssh reads the paths of a lab in a HOME named %s',
  (name) => {
    process.env.HALAB_HOME = join(folder, name);
    mkdirSync(process.env.HALAB_HOME);
    const lab = writeLab(newRecord('one', { machineCount: 2 }));
    try {
      writeSshConfig(lab, {
        node1: { host: '127.0.0.1', port: 2201 },
        node2: { host: '127.0.0.1', port: 2202 },
      });
      const read = execFileSync(
        'ssh',
        ['-G', '-F', labFiles.sshConfig(lab), '-l', 'root', 'node2'],
        {
          encoding: 'utf8',
        },
      );
      const settings = Object.fromEntries(
        read.split('\n').map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]),
      );
      expect(settings).toMatchObject({
        port: '2202',
        userknownhostsfile: labFiles.knownHosts(lab),
        controlpath: join(lab.runFolder, 'ssh-node2-root'),
      });
      // ssh -G replaces the tokens of this one only when it opens the file.
      expect(settings.identityfile?.replaceAll('%%', '%')).toBe(labFiles.key(lab));
    } finally {
      rmSync(lab.runFolder, { recursive: true });
    }
  },
);
