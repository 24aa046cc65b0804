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

describe("a lab's cluster network", () => {
  const networkOf = (name: string, provider: 'rootless' | 'libvirt' | 'virtualbox'): string =>
    labToBringUp(name, { provider }).record.network;

  test('is another for each lab that this computer knows it of', () => {
    expect(networkOf('one', 'libvirt')).toBe('192.168.56');
    expect(networkOf('two', 'virtualbox')).toBe('192.168.57');
    expect(networkOf('three', 'rootless')).toBe('192.168.56');
    expect(networkOf('four', 'libvirt')).toBe('192.168.58');
    rmSync(join(home, 'labs', 'two'), { recursive: true });
    expect(networkOf('five', 'libvirt')).toBe('192.168.57');
    // A lab keeps its own.
    expect(networkOf('four', 'libvirt')).toBe('192.168.58');
  });

  test('is chosen again with another provider', () => {
    networkOf('one', 'libvirt');
    expect(networkOf('two', 'rootless')).toBe('192.168.56');
    expect(networkOf('two', 'libvirt')).toBe('192.168.57');
  });

  test('is refused when there is none left', () => {
    for (let lab = 0; lab < 8; lab++) networkOf(`lab${lab}`, 'libvirt');
    expect(() => networkOf('more', 'libvirt')).toThrow('There is no network left');
    expect(() => readLab('more')).toThrow('There is no lab');
    expect(networkOf('more', 'rootless')).toBe('192.168.56');
  });
});

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
