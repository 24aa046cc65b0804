import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../src/commands/program.ts';
import { labFiles, labFolder, newRecord, readLab, writeLab } from '../../src/lab/lab.ts';
import { putProgram } from '../program.ts';

let home = '';
let said = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'halab-copied-'));
  vi.stubEnv('HALAB_HOME', join(home, 'first'));
  // What would touch machines is noted, and does nothing.
  for (const name of ['vagrant', 'virsh', 'unshare', 'ssh', 'ssh-keygen'])
    putProgram(home, name, `echo "${name} $*" >> ${home}/ran`);
  vi.stubEnv('PATH', `${home}${delimiter}${process.env.PATH}`);
  said = '';
  const hear = (text: unknown): boolean => {
    said += String(text);
    return true;
  };
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  const lab = writeLab(newRecord('default', { complete: true, ports: { node1: 2201 } }));
  writeFileSync(
    labFiles.vagrantConfig(lab),
    `machines: 3\nmemory: 768\ncpus: 1\nnetwork: 192.168.56\nbox: ""\nssh_key: ${labFiles.key(lab)}\naccelerator: qemu\nrootless:\n  ports: {node1: 2201}\n`,
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const halab = (...words: string[]): Promise<number> =>
  runCommandLine(['node', 'halab', ...words], '0');
const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
const copy = (): void => cpSync(labFolder('default'), labFolder('copy'), { recursive: true });

describe("a lab's folder that was copied by hand", () => {
  it.each([
    ['--yes --lab copy destroy'],
    ['--yes destroy --all'],
    ['--yes --lab copy up'],
    ['--lab copy down'],
    ['--lab copy status'],
    ['--lab copy learn'],
    ['--lab copy shell node1 -- true'],
    ['--yes --lab copy reset'],
    ['--lab copy fault power-off node1'],
  ])('is refused by halab %s before anything is done', async (words) => {
    copy();
    // The first lab may go, where all are to; the copy would take it along.
    if (words.includes('--all')) renameSync(labFolder('default'), join(home, 'kept'));
    expect(await halab(...words.split(' '))).toBe(3);
    expect(inOneLine(said)).toContain('belongs to another lab');
    expect(inOneLine(said)).toContain(labFolder(words.includes('--all') ? 'default' : 'copy'));
    expect(existsSync(labFolder('copy'))).toBe(true);
    expect(existsSync(join(home, 'ran'))).toBe(false);
  });

  it.each(['{', '{"format":1,"name":"default"}', ''])(
    'is no less refused when its record is broken: "%s"',
    async (text) => {
      copy();
      writeFileSync(join(labFolder('copy'), 'lab.json'), text);
      expect(await halab('--yes', '--lab', 'copy', 'destroy')).toBe(3);
      expect(inOneLine(said)).toContain(`Remove the copy: rm -r ${labFolder('copy')}`);
      expect(readFileSync(join(labFolder('copy'), 'lab.json'), 'utf8')).toBe(text);
      expect(existsSync(join(home, 'ran'))).toBe(false);
    },
  );

  it('is refused too where all of the home was copied', async () => {
    cpSync(join(home, 'first'), join(home, 'second'), { recursive: true });
    vi.stubEnv('HALAB_HOME', join(home, 'second'));
    expect(await halab('--yes', 'destroy')).toBe(3);
    expect(inOneLine(said)).toContain(join(home, 'first', 'labs', 'default'));
    expect(existsSync(join(home, 'ran'))).toBe(false);
  });

  it('gets its name again when it was renamed', async () => {
    renameSync(labFolder('default'), labFolder('renamed'));
    expect(await halab('--yes', '--lab', 'renamed', 'destroy')).toBe(3);
    expect(inOneLine(said)).toContain(`mv ${labFolder('renamed')} ${labFolder('default')}`);
  });
});

describe('a lab that is no copy', () => {
  it('was moved with all of its home', () => {
    renameSync(join(home, 'first'), join(home, 'second'));
    vi.stubEnv('HALAB_HOME', join(home, 'second'));
    expect(readLab('default').record.name).toBe('default');
  });

  it('is reached by another path', () => {
    symlinkSync(join(home, 'first'), join(home, 'link'));
    vi.stubEnv('HALAB_HOME', join(home, 'link'));
    expect(readLab('default').record.name).toBe('default');
  });

  it('was written by a halab that did not note its folder', () => {
    const file = join(labFolder('default'), 'lab.json');
    const { folder: _, ...record } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(record));
    expect(readLab('default').record.folder).toBe('');
  });
});
