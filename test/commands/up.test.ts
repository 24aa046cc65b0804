import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { labToBringUp } from '../../src/commands/up.ts';
import { HalabError } from '../../src/errors.ts';
import { changeLab, labFiles, readLab } from '../../src/lab/lab.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'halab-up-'));
  vi.stubEnv('HALAB_HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const providerOf = (name: string): string => readLab(name).record.provider;

describe('where the machines run', () => {
  test('may change while nothing was made, as the doctor advises where the first choice cannot run', () => {
    labToBringUp('default', { provider: 'rootless' });
    expect(labToBringUp('default', { provider: 'libvirt' }).record.provider).toBe('libvirt');
    expect(providerOf('default')).toBe('libvirt');
    labToBringUp('default', {});
    expect(providerOf('default')).toBe('libvirt');
  });

  test.each([
    [
      'with all its machines',
      (lab: ReturnType<typeof readLab>) => changeLab(lab, { complete: true }),
    ],
    ['begun', (lab: ReturnType<typeof readLab>) => mkdirSync(labFiles.vagrantState(lab))],
  ])('stays for a lab %s, and it says so', (_, make) => {
    make(labToBringUp('default', { provider: 'rootless' }));
    expect(labToBringUp('default', { provider: 'rootless' }).record.provider).toBe('rootless');
    expect(() => labToBringUp('default', { provider: 'virtualbox' })).toThrow(HalabError);
    expect(providerOf('default')).toBe('rootless');
  });
});
