import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/hosts.mjs', import.meta.url));
const list = readFileSync(new URL('../../docs/hosts.yaml', import.meta.url), 'utf8');

const hosts = (...words: string[]): { status: number | null; stderr: string } =>
  spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });

describe('the list of hosts', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'halab-hosts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What the script says of a list that is like ours but for one thing. */
  function withChange(from: RegExp, to: string): { status: number | null; stderr: string } {
    const changed = list.replace(from, to);
    expect(changed).not.toBe(list);
    const file = join(folder, 'hosts.yaml');
    writeFileSync(file, changed);
    return hosts('--list', file, '--document', join(folder, 'hosts.md'));
  }

  it('is what docs/hosts.md says', () => {
    expect(hosts('--check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('is told from a document that says something else', () => {
    const document = join(folder, 'hosts.md');
    writeFileSync(document, '# Hosts\n');
    const checked = hosts('--check', '--document', document);
    expect(checked.status).toBe(1);
    expect(checked.stderr).toContain('Make it anew: npm run hosts');
    expect(readFileSync(document, 'utf8')).toBe('# Hosts\n');
  });

  it.each([
    ['a day to come', /^ {4}date: .*/m, '    date: 2999-01-01', 'a day that has not come yet'],
    ['a day that is none', /^ {4}date: .*/m, '    date: 2026-02-30', 'ISO date'],
    ['no day', /^ {4}date: .*\n/m, '', 'ran[0].date'],
    ['no command', /^ {4}command: .*\n/m, '', 'ran[0].command'],
    ['no version of QEMU', /qemu: \S+, /, '', 'ran[0].versions.qemu'],
    ['a version that is none', /qemu: \S+,/, 'qemu: new,', 'a version such as'],
    ['a result of other words', /^ {4}result: .*/m, '    result: fine', 'ran[0].result'],
    ['a host without a reason', /^ {4}why: .*\n/m, '', '[0].why'],
  ])('refuses an entry with %s', (_, from, to, said) => {
    const refused = withChange(from, to);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(said);
  });
});
