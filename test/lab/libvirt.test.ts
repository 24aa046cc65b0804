import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeDaemonConfig } from '../../src/lab/providers/libvirt.ts';

describe("the configuration of a lab's own libvirt", () => {
  let configHome = '';
  beforeEach(() => {
    configHome = mkdtempSync(join(tmpdir(), 'halab-config-'));
  });
  afterEach(() => rmSync(configHome, { recursive: true, force: true }));
  const file = (): string => join(configHome, 'libvirt', 'qemu.conf');

  test('puts no security driver around the machines', () => {
    writeDaemonConfig(configHome);
    expect(readFileSync(file(), 'utf8')).toMatch(/^security_driver = "none"$/m);
  });

  test('is written once, and put back when somebody has changed it', () => {
    writeDaemonConfig(configHome);
    const ours = readFileSync(file(), 'utf8');
    utimesSync(file(), 0, 0);
    writeDaemonConfig(configHome);
    expect(statSync(file()).mtimeMs).toBe(0);
    writeFileSync(file(), 'security_driver = "selinux"\n');
    writeDaemonConfig(configHome);
    expect(readFileSync(file(), 'utf8')).toBe(ours);
  });
});
