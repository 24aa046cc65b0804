import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootSector } from '../../src/host/boot-sector.ts';
import { findKvm, judgeGuest, probeKvm } from '../../src/host/kvm.ts';
import type { Runner } from '../../src/run.ts';
import { recordedFolder } from './recording.ts';

const recorded = (name: string): string => readFileSync(join(recordedFolder, name), 'utf8');

describe("what QEMU's output says", () => {
  test('a kernel that reaches its init runs', () => {
    const output = recorded('guest-boots.txt');
    expect(judgeGuest(output, 'kernel')).toMatchObject({ usable: true });
    expect(judgeGuest(output.slice(0, output.indexOf('Run /init')), 'kernel')).toBeNull();
  });

  test('a kernel at which KVM gives up does not', () => {
    expect(judgeGuest(recorded('kvm-internal-error.txt'), 'kernel')).toEqual({
      usable: false,
      how: "booted the box's kernel",
      reason: 'KVM gave up on an ordinary guest ("KVM internal error. Suberror: 1")',
    });
  });

  test('a processor that cannot be set up does not', () => {
    expect(judgeGuest(recorded('kvm-msr.txt'), 'boot-sector')?.reason).toBe(
      'QEMU cannot set up a processor through this KVM ("failed to set MSR 0x10a to 0x69")',
    );
  });
});

test("a processor that VirtualBox has is told in QEMU's words", () => {
  const output =
    'ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy\nqemu-system-x86_64: failed to initialize kvm: Device or resource busy\n';
  expect(judgeGuest(output, 'kernel')?.reason).toBe(
    'another hypervisor is at work, perhaps VirtualBox: end its machines ("ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy")',
  );
});

test('the boot sector is one', () => {
  const sector = bootSector();
  expect(sector).toHaveLength(512);
  expect([...sector.slice(510)]).toEqual([0x55, 0xaa]);
});

const hasQemu = (() => {
  try {
    execFileSync('qemu-system-x86_64', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

/** Ids of the QEMUs that run a boot sector of this probe's. */
const probesRunning = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${tmpdir()}/halab-kvm-`);
    } catch {
      return false;
    }
  });

describe.skipIf(!hasQemu)('with a real QEMU, in software', () => {
  test('the boot sector runs, and QEMU is gone afterwards', async () => {
    expect(await probeKvm({ accelerator: 'tcg' })).toMatchObject({
      usable: true,
      how: 'ran a boot sector of 512 bytes',
    });
    expect(probesRunning()).toEqual([]);
  }, 15_000);

  test("a guest that cannot start is told in QEMU's words, a slow one is ended in time", async () => {
    const gone = await probeKvm({
      accelerator: 'tcg',
      guestKernel: { kernel: '/nonexistent/vmlinuz', initrd: '/nonexistent/initrd' },
    });
    expect(gone).toMatchObject({ usable: false });
    expect(gone.reason).toContain('/nonexistent/vmlinuz');
    const slow = await probeKvm({ accelerator: 'tcg', seconds: 0.01 });
    expect(slow).toMatchObject({ usable: false });
    expect(slow.reason).toContain('within 0.01 s');
    expect(probesRunning()).toEqual([]);
  }, 15_000);

  test('an abort ends it', async () => {
    await expect(
      probeKvm({ accelerator: 'tcg', signal: AbortSignal.abort(new Error('stopped')) }),
    ).rejects.toThrow('stopped');
    expect(probesRunning()).toEqual([]);
  }, 15_000);
});

describe('what is remembered', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'halab-remember-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const computer = {
    platform: 'linux',
    arch: 'x64',
    kvm: 'there',
    user: 'ada',
    kernelRelease: '6.1',
    bootId: 'boot',
  } as const;

  /** virsh, as it takes the processor, refuses it or is not there. */
  const virsh =
    (answer: { exitCode: number | null; stderr: string }): Runner =>
    async (command) => ({ command, stdout: '', timedOut: false, milliseconds: 0, ...answer });
  const takes = virsh({ exitCode: 0, stderr: '' });
  const refuses = virsh({ exitCode: 1, stderr: recorded('cpu-compare-svm.txt') });
  const gone = virsh({ exitCode: null, stderr: 'virsh: no such program' });

  test.each([
    [{ platform: 'darwin' }, 'KVM is a part of Linux'],
    [{ arch: 'arm64' }, 'this computer is arm64'],
    [{ kvm: 'absent' }, 'there is no /dev/kvm'],
    [{ kvm: 'forbidden' }, 'ada may not open /dev/kvm'],
  ] as const)('%j needs no probe', async (change, reason) => {
    const result = await findKvm({
      run: takes,
      computer: { ...computer, ...change },
      qemuVersion: '7.2',
      dataDir,
    });
    expect(result).toMatchObject({ usable: false, how: 'nothing was run' });
    expect(result.reason).toContain(reason);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('a result holds for the boot, the QEMU and the guest that it was found with', async () => {
    let probes = 0;
    const probe: typeof probeKvm = async () => {
      probes += 1;
      return { usable: true, how: `probe ${probes}`, reason: 'it ran' };
    };
    const options = { run: takes, computer, qemuVersion: '7.2', dataDir, probe } as const;
    const how = async (change: object): Promise<string> =>
      (await findKvm({ ...options, ...change })).how;
    expect(await how({})).toBe('probe 1');
    expect(await how({})).toBe('probe 1');
    expect(await how({ qemuVersion: '8.0' })).toBe('probe 2');
    expect(await how({ computer: { ...computer, bootId: 'next' } })).toBe('probe 3');
    expect(await how({ computer: { ...computer, kernelRelease: '6.2' } })).toBe('probe 4');
    // Once the box is there, its kernel is the better proof, until the box changes.
    const guestKernel = { kernel: join(dataDir, 'vmlinuz'), initrd: join(dataDir, 'initrd.img') };
    for (const file of Object.values(guestKernel)) writeFileSync(file, '');
    expect(await how({ guestKernel })).toBe('probe 5');
    expect(await how({ guestKernel })).toBe('probe 5');
    utimesSync(guestKernel.kernel, 0, 0);
    expect(await how({ guestKernel })).toBe('probe 6');
    expect(await how({ guestKernel, fresh: true })).toBe('probe 7');
    writeFileSync(join(dataDir, 'doctor', 'kvm.json'), 'no JSON');
    expect(await how({ guestKernel })).toBe('probe 8');
  });

  test('a processor that libvirt refuses is no KVM, in its own words, and asked for again', async () => {
    const options = { computer, qemuVersion: '7.2', dataDir };
    const probe: typeof probeKvm = async () => ({ usable: true, how: 'probe', reason: 'it ran' });
    const refused = await findKvm({ ...options, run: refuses, probe });
    expect(refused).toEqual({
      usable: false,
      how: 'asked libvirt',
      reason:
        'libvirt refuses the processor of the lab\'s machines ("Host CPU does not provide required features: svm")',
    });
    expect(await findKvm({ ...options, run: takes, probe })).toMatchObject({ usable: true });
  });

  test('without an answer of libvirt the guest decides, and nothing is remembered', async () => {
    let probes = 0;
    const probe: typeof probeKvm = async () => {
      probes += 1;
      return { usable: true, how: 'probe', reason: 'it ran' };
    };
    const options = { run: gone, computer, qemuVersion: '7.2', dataDir, probe };
    expect(await findKvm(options)).toMatchObject({ usable: true });
    expect(await findKvm(options)).toMatchObject({ usable: true });
    expect(probes).toBe(2);
  });

  test('another hypervisor is not remembered: it may have ended', async () => {
    const reason = 'another hypervisor is at work ("Device or resource busy")';
    const busy: typeof probeKvm = async () => ({ usable: false, how: 'probe', reason });
    const free: typeof probeKvm = async () => ({ usable: true, how: 'probe', reason: 'it ran' });
    const options = { run: takes, computer, qemuVersion: '7.2', dataDir };
    expect(await findKvm({ ...options, probe: busy })).toMatchObject({ usable: false });
    expect(await findKvm({ ...options, probe: free })).toMatchObject({ usable: true });
  });

  test('a data folder that cannot be made costs the memory, not the answer', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    const result = { usable: true, how: 'probe', reason: 'it ran' };
    expect(
      await findKvm({
        run: takes,
        computer,
        qemuVersion: '7.2',
        dataDir: join(file, 'below'),
        probe: async () => result,
      }),
    ).toEqual(result);
  });
});
