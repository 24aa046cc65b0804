import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { onAbort } from '../interruption.ts';
import { accelerators, processorForLibvirt } from '../lab/accelerator.ts';
import { asSessionUser } from '../lab/providers/libvirt.ts';
import { readLocale } from '../locale.ts';
import type { CommandResult, Runner } from '../run.ts';
import { bootSector, bootSectorSays } from './boot-sector.ts';
import type { Computer } from './computer.ts';
import { keepFolder } from './keep.ts';
import { compareProcessor } from './session.ts';

/**
 * Whether KVM really runs a guest. /dev/kvm says little: on a cloud machine it may be there, open
 * without a word, and then stop at the first ordinary kernel.
 */
export interface KvmResult {
  readonly usable: boolean;
  /** What was done to find out: "booted the box's kernel", "ran a boot sector of 512 bytes", "asked libvirt", "nothing was run". */
  readonly how: string;
  /** A clause to build a sentence with, without a capital and a full stop: "this user may not open /dev/kvm". */
  readonly reason: string;
}

/** A kernel and its initrd, as the box holds them. */
export interface GuestKernel {
  readonly kernel: string;
  readonly initrd: string;
}

type GuestKind = 'kernel' | 'boot-sector';

const guests = {
  kernel: {
    name: "the box's kernel",
    how: "booted the box's kernel",
    marker: /Run \S+ as init process/,
    seconds: 8,
  },
  // Hardware takes a fraction of a second for it, nearly all of it in the BIOS.
  'boot-sector': {
    name: 'a boot sector of 512 bytes',
    how: 'ran a boot sector of 512 bytes',
    marker: new RegExp(bootSectorSays),
    seconds: 5,
  },
} as const satisfies Record<GuestKind, object>;

/** Signs in QEMU's output that waiting longer is of no use, and what they mean. */
const failures: readonly (readonly [RegExp, string])[] = [
  [/KVM internal error[^\n]*/, 'KVM gave up on an ordinary guest'],
  [/failed to set MSR [^\n]*/, 'QEMU cannot set up a processor through this KVM'],
  [/Could not access KVM kernel module: [^\n]*/, 'QEMU cannot open /dev/kvm'],
  // VirtualBox runs a machine: the two cannot share the processor.
  [
    /ioctl\(KVM_CREATE_VM\) failed: 16 [^\n]*/,
    'another hypervisor is at work, perhaps VirtualBox: end its machines',
  ],
  [/failed to initialize kvm: [^\n]*/, 'KVM does not start'],
  [/Kernel panic - [^\n]*/, 'the kernel of the guest broke down'],
  [/unshare: [^\n]*/, 'no user namespace could be made'],
];

/** What QEMU's output so far says: the guest runs, it failed and why, or null when it is too early to tell. */
export function judgeGuest(output: string, kind: GuestKind): KvmResult | null {
  const { how, marker, name } = guests[kind];
  if (marker.test(output)) return { usable: true, how, reason: `KVM runs ${name}` };
  for (const [sign, meaning] of failures) {
    const said = sign.exec(output)?.[0];
    if (said !== undefined) return { usable: false, how, reason: `${meaning} ("${said.trim()}")` };
  }
  return null;
}

/** The result when QEMU ended by itself, or was ended at its time limit, without a sign of either. */
function judgeEnd(output: string, kind: GuestKind, secondsOver: number | null): KvmResult {
  const { how, name } = guests[kind];
  const last = output.trim().split('\n').at(-1) ?? '';
  return {
    usable: false,
    how,
    reason:
      secondsOver !== null
        ? `${name} did not get going within ${secondsOver} s, a multiple of what hardware needs`
        : `QEMU ended before ${name} got going${last === '' ? '' : ` ("${last}")`}`,
  };
}

/**
 * Runs a guest under KVM: the box's kernel when there is one, otherwise a boot sector (a weaker proof).
 * Ends the QEMU that it started in every case. `accelerator: 'tcg'` and `seconds`, the time that the
 * guest is given, are for tests of the probe itself.
 */
export async function probeKvm(options: {
  guestKernel?: GuestKernel;
  accelerator?: 'kvm' | 'tcg';
  seconds?: number;
  signal?: AbortSignal;
}): Promise<KvmResult> {
  const kind: GuestKind = options.guestKernel === undefined ? 'boot-sector' : 'kernel';
  const folder = mkdtempSync(join(tmpdir(), 'halab-kvm-'));
  try {
    const sector = join(folder, 'boot-sector');
    writeFileSync(sector, bootSector());
    const guest =
      options.guestKernel === undefined
        ? [
            '-m',
            '64',
            '-drive',
            `file=${sector},format=raw,if=ide`,
            '-device',
            'isa-debug-exit,iobase=0xf4,iosize=4',
          ]
        : [
            '-m',
            '512',
            '-kernel',
            options.guestKernel.kernel,
            '-initrd',
            options.guestKernel.initrd,
            '-append',
            'console=ttyS0 loglevel=7 panic=-1',
          ];
    const qemu = [
      'qemu-system-x86_64',
      '-accel',
      options.accelerator ?? 'kvm',
      '-cpu',
      // What the lab's machines have.
      accelerators.kvm.processor,
      '-nodefaults',
      '-no-user-config',
      '-no-reboot',
      '-display',
      'none',
      '-serial',
      'stdio',
      ...guest,
    ];
    return await watch(
      asSessionUser(qemu),
      kind,
      options.seconds ?? guests[kind].seconds,
      options.signal,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs QEMU until its output tells, it ends, or its time is over. */
function watch(
  command: readonly string[],
  kind: GuestKind,
  seconds: number,
  signal?: AbortSignal,
): Promise<KvmResult> {
  const started = performance.now();
  // timeout(1) ends QEMU even when this process is killed meanwhile, and hands our SIGTERM on.
  const child = spawn('timeout', ['--kill-after=2', String(seconds), ...command], {
    env: { ...process.env, ...readLocale },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let judged: KvmResult | null = null;
    const take = (chunk: Buffer): void => {
      if (judged !== null) return;
      output += chunk.toString('latin1');
      judged = judgeGuest(output, kind);
      if (judged !== null) child.kill('SIGTERM');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const forget = onAbort(signal, () => child.kill('SIGTERM'));
    child.once('error', (error) => {
      forget();
      reject(error);
    });
    child.once('close', () => {
      forget();
      if (signal?.aborted === true) reject(signal.reason);
      else
        resolve(
          judged ??
            judgeEnd(output, kind, performance.now() - started >= seconds * 1000 ? seconds : null),
        );
    });
  });
}

/** What rules KVM out before anything is run; null when it is worth a try. */
function ruledOut(
  computer: Pick<Computer, 'platform' | 'arch' | 'kvm' | 'user'>,
): KvmResult | null {
  const no = (reason: string): KvmResult => ({ usable: false, how: 'nothing was run', reason });
  if (computer.platform !== 'linux') return no('KVM is a part of Linux');
  if (computer.arch !== 'x64')
    return no(`the lab's machines are x86-64 and this computer is ${computer.arch}`);
  if (computer.kvm === 'absent') return no('there is no /dev/kvm');
  if (computer.kvm === 'forbidden') return no(`${computer.user} may not open /dev/kvm`);
  return null;
}

const rememberedSchema = z.object({
  key: z.string(),
  result: z.object({ usable: z.boolean(), how: z.string(), reason: z.string() }),
});

/** What libvirt's answer rules out; null when it takes the lab's processor, or could not be asked. */
export function judgeComparison(compared: CommandResult): KvmResult | null {
  // VIR_ERR_CPU_INCOMPATIBLE; whatever else goes wrong with libvirt is another check's to tell.
  const refusal = /^error: .*incompatible with host CPU:? ?(.*)$/m.exec(compared.stderr);
  if (refusal === null) return null;
  return {
    usable: false,
    how: 'asked libvirt',
    reason: `libvirt refuses the processor of the lab's machines ("${refusal[1]?.trim() || refusal[0]}")`,
  };
}

/**
 * Whether KVM runs a guest: libvirt is asked whether it takes the lab's processor on this one, and a guest is
 * run. What was found earlier since this boot with the same QEMU, kernel and guest holds, unless `fresh`.
 */
export async function findKvm(options: {
  run: Runner;
  computer: Pick<Computer, 'platform' | 'arch' | 'kvm' | 'user' | 'kernelRelease' | 'bootId'>;
  qemuVersion: string;
  dataDir: string;
  guestKernel?: GuestKernel;
  fresh?: boolean;
  signal?: AbortSignal;
  /** How to run a guest; tests put another way in its place. */
  probe?: typeof probeKvm;
}): Promise<KvmResult> {
  const { computer, guestKernel } = options;
  const no = ruledOut(computer);
  if (no !== null) return no;
  const folder = keepFolder(options.dataDir);
  const file = folder === null ? null : join(folder, 'kvm.json');
  const key = JSON.stringify([
    computer.kernelRelease,
    computer.bootId,
    options.qemuVersion,
    accelerators.kvm.processor,
    guestKernel === undefined
      ? null
      : [
          guestKernel.kernel,
          statSync(guestKernel.kernel).mtimeMs,
          statSync(guestKernel.initrd).mtimeMs,
        ],
  ]);
  const kept = file === null || options.fresh === true ? null : readKept(file);
  if (kept !== null && kept.key === key) return kept.result;
  const compared = await compareProcessor(
    options.run,
    options.dataDir,
    processorForLibvirt(accelerators.kvm.processor),
  );
  // A refusal is not kept: a newer libvirt may think otherwise.
  const refused = judgeComparison(compared);
  if (refused !== null) return refused;
  const result = await (options.probe ?? probeKvm)(options);
  // Nor is half an answer, without libvirt's word, nor what another hypervisor does just now.
  const passing = compared.exitCode !== 0 || result.reason.includes('Device or resource busy');
  if (file !== null && !passing)
    await writeFileAtomic(file, `${JSON.stringify({ key, result }, null, 2)}\n`);
  return result;
}

/** null when there is no such file or it is not one of ours: then the probe runs again. */
function readKept(file: string): z.infer<typeof rememberedSchema> | null {
  try {
    return rememberedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}
