import { join } from 'node:path';
import { ExitCode, HalabError, usageError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { readComputer } from '../host/computer.ts';
import { type ExamineOptions, examine } from '../host/examine.ts';
import { type Finding, isBlocking } from '../host/findings.ts';
import { applyFix, type FixPlan, planFix, planSentence } from '../host/fix.ts';
import { findKvm, type GuestKernel } from '../host/kvm.ts';
import { readOs } from '../host/os.ts';
import { streamLocally } from '../host/stream.ts';
import { bootFiles, isAdded, isBuilt, wantedBox } from '../lab/box.ts';
import type { Lab, LabRecord } from '../lab/lab.ts';
import { runLocally } from '../local-runner.ts';
import { halabHome, vagrantHome } from '../paths.ts';
import { agree, Interrupted } from '../terminal/prompt.ts';
import { canAsk } from './context.ts';

/** What this computer has and lacks for a lab, and the plan to mend it. */
export interface Readiness {
  readonly findings: readonly Finding[];
  readonly plan: FixPlan;
  /** What the plan would do, in a sentence; null when halab can do nothing by itself. */
  readonly sentence: string | null;
}

async function examineOptions(lab: Lab): Promise<ExamineOptions> {
  const { provider, machineCount, memory } = lab.record;
  const box = provider === 'rootless' ? await wantedBox(runLocally) : null;
  const kernel = box !== null && isAdded(box) ? kernelOf(box.name) : null;
  return {
    provider,
    dataDir: halabHome(),
    runDir: lab.runFolder,
    machines: machineCount,
    memory,
    needBox: box !== null && !isBuilt(box) && !isAdded(box),
    ...(kernel === null ? {} : { guestKernel: kernel }),
  };
}

/** The kernel of a box that Vagrant has. */
function kernelOf(boxName: string): GuestKernel {
  const folder = join(vagrantHome(), ...bootFiles(boxName));
  return { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.img') };
}

/**
 * Looks at this computer for that lab.
 * @throws Interrupted after Ctrl-C, which also ends the programs that are asked: what seems to lack then may be there.
 */
export async function readiness(lab: Lab, signal?: AbortSignal): Promise<Readiness> {
  const options = await examineOptions(lab);
  const findings = await examine(runLocally, options);
  if (signal?.aborted === true) throw new Interrupted();
  const computer = readComputer(options);
  const plan = planFix(findings.filter(isBlocking), readOs(computer.platform, computer.osRelease));
  return { findings, plan, sentence: planSentence(plan) };
}

/** Carries a plan out, and looks again. @throws HalabError when it cannot be. */
export const mend = (
  lab: Lab,
  plan: FixPlan,
  emit: Emit,
  signal: AbortSignal,
): Promise<readonly Finding[]> =>
  applyFix(streamLocally, plan, emit, {
    uid: process.getuid?.() ?? null,
    terminal: canAsk(),
    examine: async () => [...(await readiness(lab)).findings],
    signal,
  });

/**
 * Makes sure that this computer can run the lab: with `yes` what is missing is installed, otherwise
 * the error says how.
 * @throws HalabError (exit 3) when something is missing.
 */
export async function makeReady(
  lab: Lab,
  options: { yes: boolean; emit: Emit; signal: AbortSignal },
): Promise<void> {
  if (lab.record.complete) return;
  const found = await readiness(lab, options.signal);
  let missing = found.findings.filter(isBlocking);
  if (missing.length > 0 && options.yes && found.sentence !== null) {
    missing = (await mend(lab, found.plan, options.emit, options.signal)).filter(isBlocking);
  }
  if (missing.length === 0) return;
  throw new HalabError('This computer cannot run the lab yet.', {
    reason: missing
      .map(({ title, found, needed }) => `${title}: ${found}. Needed: ${needed}.`)
      .join('\n'),
    next: 'halab doctor --fix',
    exitCode: ExitCode.broken,
  });
}

/** KVM when it really boots the box's kernel, software emulation otherwise. */
export async function findAccelerator(boxName: string): Promise<LabRecord['accelerator']> {
  const computer = readComputer({ dataDir: halabHome(), runDir: '/tmp' });
  const version = await runLocally(['qemu-system-x86_64', '--version']);
  const kvm = await findKvm({
    run: runLocally,
    computer,
    qemuVersion: version.stdout.split('\n')[0] ?? '',
    dataDir: halabHome(),
    guestKernel: kernelOf(boxName),
  });
  return kvm.usable ? 'kvm' : 'qemu';
}

/** Asks whether a plan may be carried out. @throws HalabError (exit 2) without a terminal, Interrupted on Ctrl-C. */
export async function agreeTo(sentence: string): Promise<boolean> {
  if (!canAsk()) throw usageError('Installing needs your consent.', 'halab doctor --fix --yes');
  return agree(sentence);
}
