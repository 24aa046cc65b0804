import type { Computer } from '../computer.ts';
import type { Fix } from '../findings.ts';
import { containerStart } from '../fix-of.ts';
import type { KvmResult } from '../kvm.ts';
import { type Check, firstLine, started } from '../scene.ts';

export const acceleration: Check = async ({ run, options, computer, senses }) => {
  const rest = {
    id: 'acceleration',
    title: 'Hardware acceleration',
    needed: 'KVM, for speed only',
  };
  const version = await run(['qemu-system-x86_64', '--version']);
  if (!started(version)) {
    return { ...rest, status: 'warning', found: 'not tried: there is no QEMU yet', fix: null };
  }
  const kvm = await senses.kvm({
    run,
    computer,
    qemuVersion: firstLine(version),
    dataDir: options.dataDir,
    ...(options.guestKernel === undefined ? {} : { guestKernel: options.guestKernel }),
    ...(options.fresh === undefined ? {} : { fresh: options.fresh }),
  });
  if (kvm.usable) return { ...rest, status: 'ok', found: `KVM works: it ${kvm.how}`, fix: null };
  return {
    ...rest,
    status: 'warning',
    found: `no KVM: ${kvm.reason}. Software emulation works, 3 to 5 times slower`,
    fix: kvmFix(kvm, computer),
  };
};

function kvmFix(kvm: KvmResult, computer: Computer): Fix | null {
  if (kvm.how !== 'nothing was run' || computer.arch !== 'x64') return null;
  const { container, wsl } = computer.surroundings;
  if (computer.kvm === 'absent') {
    // There it is a matter of Windows, and the finding on WSL tells it.
    if (wsl !== null) return null;
    if (container !== null)
      return {
        explain: "Start the container with the computer's /dev/kvm, if the computer has one.",
        packages: [],
        commands: [containerStart(container, '--init', '--device /dev/kvm')],
      };
  }
  return computer.kvm === 'forbidden'
    ? {
        explain: 'Join the group that may use KVM, then log in again.',
        packages: [],
        commands: [`sudo usermod --append --groups kvm ${computer.user}`],
      }
    : {
        explain:
          'Turn virtualisation (VT-x, AMD-V or SVM) on in the firmware, or nested virtualisation where this is itself a virtual machine; then load the module.',
        packages: [],
        commands: ['sudo modprobe kvm_intel || sudo modprobe kvm_amd'],
      };
}
