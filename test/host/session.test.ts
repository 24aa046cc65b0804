import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askSessionDaemon } from '../../src/host/session.ts';
import { runLocally } from '../../src/local-runner.ts';

const hasLibvirt = (() => {
  try {
    execFileSync('virsh', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

/** Processes that live in a folder of the doctor's. */
const doctorsProcesses = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes('/halab-doctor-test-');
    } catch {
      return false;
    }
  });

describe.skipIf(!hasLibvirt)('with a real libvirt', () => {
  test('the session daemon answers, and is gone afterwards', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'halab-doctor-test-'));
    try {
      // The first start asks QEMU for all that it can do: 8 s where KVM is broken.
      const result = await askSessionDaemon(runLocally, dataDir);
      expect(result.stderr).toBe('');
      expect(result.stdout).toMatch(/^Using library: libvirt \d/m);
      expect(doctorsProcesses()).toEqual([]);
      const cache = join(
        dataDir,
        'doctor',
        'libvirt-cache',
        'libvirt',
        'qemu',
        'cache',
        'capabilities',
      );
      expect(readdirSync(cache).length).toBeGreaterThan(0);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 40_000);
});
