import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { orphanTest } from '../../src/host/needs/reaping.ts';
import { runLocally } from '../../src/local-runner.ts';

/** A process namespace of its own, in which what is run is process 1. */
const inNamespace = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc'];

const hasNamespaces = (() => {
  try {
    execFileSync('unshare', [...inNamespace.slice(1), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasNamespaces)('an orphan that has ended', () => {
  test('stays as a zombie where process 1 does not reap', async () => {
    // sleep(1) knows nothing of children, like the command of a container without an init.
    const { stdout } = await runLocally([
      ...inNamespace,
      'sh',
      '-c',
      '"$@" & exec sleep 8',
      'sh',
      ...orphanTest,
    ]);
    expect(stdout).toMatch(/^State:\s+Z \(zombie\)\nPPid:\s+1$/m);
  }, 30_000);

  test('is gone where it does, within half a second', async () => {
    const { stdout, milliseconds } = await runLocally([
      ...inNamespace,
      'sh',
      '-c',
      // A shell that waits reaps all that it inherits.
      '"$@" & wait',
      'sh',
      ...orphanTest,
    ]);
    expect(stdout).toBe('');
    expect(milliseconds).toBeLessThan(5000);
  }, 30_000);
});
