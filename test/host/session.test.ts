import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeComparison } from '../../src/host/kvm.ts';
import { askSessionDaemon, compareProcessor } from '../../src/host/session.ts';
import { accelerators, processorForLibvirt } from '../../src/lab/accelerator.ts';
import { isRunning } from '../../src/lab/process.ts';
import { runLocally } from '../../src/local-runner.ts';
import type { Runner } from '../../src/run.ts';

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

test('all the daemons of a libvirt in parts are ended, and none of another session', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'halab-doctor-test-'));
  const names = ['virtqemud', 'virtstoraged', 'virtlogd'];
  const pids: number[] = [];
  const others: ChildProcess[] = [];
  // Programs of these names that keep their ids where libvirt's do: this computer has no libvirt in parts.
  const inParts: Runner = async (command, options) => {
    const { XDG_RUNTIME_DIR = '' } = options?.env ?? {};
    const folder = join(XDG_RUNTIME_DIR, 'libvirt');
    mkdirSync(folder);
    for (const name of names) {
      const program = join(dataDir, name);
      copyFileSync('/bin/sleep', program);
      const env = { XDG_RUNTIME_DIR };
      const { pid = 0 } = spawn(program, ['60'], { stdio: 'ignore', env });
      pids.push(pid);
      writeFileSync(join(folder, `${name}.pid`), String(pid));
    }
    // Process ids that have gone meanwhile to the daemon of another session, and to another program.
    copyFileSync('/bin/sleep', join(dataDir, 'virtlockd'));
    const another = spawn(join(dataDir, 'virtlockd'), ['60'], { stdio: 'ignore' });
    others.push(another);
    writeFileSync(join(folder, 'virtlockd.pid'), String(another.pid));
    writeFileSync(join(folder, 'virtnetworkd.pid'), String(process.pid));
    return { command, exitCode: 0, stdout: '', stderr: '', timedOut: false, milliseconds: 0 };
  };
  try {
    await askSessionDaemon(inParts, dataDir);
    expect(pids).toHaveLength(names.length);
    for (const pid of pids) expect(isRunning(pid, 'virt')).toBe(false);
    expect(others.map(({ pid = 0 }) => isRunning(pid, 'virtlockd'))).toEqual([true]);
  } finally {
    for (const other of others) other.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
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

  test('libvirt takes the processor of the lab, and refuses one that this computer has not', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'halab-doctor-test-'));
    try {
      const compare = (processor: string) => compareProcessor(runLocally, dataDir, processor);
      const ours = await compare(processorForLibvirt(accelerators.kvm.processor));
      expect(ours).toMatchObject({ exitCode: 0, stderr: '' });
      expect(ours.stdout).toMatch(/superset|identical/);
      expect(judgeComparison(ours)).toBeNull();
      // No processor runs guests both in Intel's way and in AMD's.
      const other = await compare(
        "<cpu match='exact'><model>qemu64</model><feature policy='require' name='vmx'/></cpu>",
      );
      expect(other.exitCode).toBe(1);
      expect(judgeComparison(other)?.reason).toContain('required features:');
      // One that is malformed is no word on the processor.
      expect(judgeComparison(await compare('<cpu>'))).toBeNull();
      expect(doctorsProcesses()).toEqual([]);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 40_000);

  test('it is started with the configuration of a lab', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'halab-doctor-test-'));
    try {
      let config = '';
      const look: Runner = (command, options) => {
        const home = options?.env?.XDG_CONFIG_HOME ?? '';
        config = readFileSync(join(home, 'libvirt', 'qemu.conf'), 'utf8');
        return runLocally([...command.slice(0, -1), 'capabilities'], options);
      };
      const asked = await askSessionDaemon(look, dataDir);
      expect(config).toContain('security_driver = "none"');
      expect(asked.stdout).toMatch(/<secmodel>\s*<model>none<\/model>/);
      expect(asked.stdout.match(/<secmodel>/g)).toHaveLength(1);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 40_000);

  test('it ends with a configuration that it cannot take: so it reads it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'halab-doctor-test-'));
    try {
      const spoil: Runner = (command, options) => {
        const home = options?.env?.XDG_CONFIG_HOME ?? '';
        writeFileSync(join(home, 'libvirt', 'qemu.conf'), 'security_driver = "no such driver"\n');
        return runLocally(command, options);
      };
      expect(await askSessionDaemon(spoil, dataDir)).toMatchObject({ exitCode: 1 });
      expect(doctorsProcesses()).toEqual([]);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 40_000);
});
