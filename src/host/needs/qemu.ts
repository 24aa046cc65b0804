import type { Computer } from '../computer.ts';
import type { Fix } from '../findings.ts';
import { installFix, listed } from '../fix-of.ts';
import type { KvmResult } from '../kvm.ts';
import { type Check, firstLine, program, started } from '../scene.ts';

export const qemu: Check = async ({ run, os }) =>
  program({
    id: 'qemu',
    title: 'QEMU',
    version: /^QEMU emulator version (\d[\w.]*)/m,
    least: null,
    result: await run(['qemu-system-x86_64', '--version']),
    install: installFix(['qemu'], os),
  });

export const qemuImg: Check = async ({ run, os }) =>
  program({
    id: 'qemu-img',
    title: 'qemu-img',
    version: /^qemu-img version (\d[\w.]*)/m,
    least: null,
    result: await run(['qemu-img', '--version']),
    install: installFix(['qemu-img'], os),
  });

/** Whether QEMU was built with the kinds of network that a rootless lab uses. Ubuntu's is built without vde. */
export const network: Check = async ({ run, os }) => {
  const asked = await run(['qemu-system-x86_64', '-netdev', 'help']);
  const has = asked.stdout.split(/\s+/);
  const lacks = ['hubport', 'user', 'vde'].filter((kind) => !has.includes(kind));
  const rest = {
    id: 'qemu-network',
    title: "QEMU's networks",
    needed: 'the network kinds user, hubport and vde',
  };
  if (!started(asked))
    return { ...rest, status: 'missing', found: 'no QEMU', fix: installFix(['qemu'], os) };
  if (lacks.length === 0)
    return { ...rest, status: 'ok', found: 'QEMU has user, hubport and vde', fix: null };
  return {
    ...rest,
    status: 'missing',
    found: `this QEMU was built without ${listed(lacks)}`,
    fix: {
      explain: `The QEMU of ${os.name} cannot connect rootless machines with each other. Run the machines with the system's libvirt or with VirtualBox.`,
      packages: [],
      commands: ['halab doctor --provider libvirt'],
    },
  };
};

export const vdeSwitch: Check = async ({ run, os }) =>
  program({
    id: 'vde-switch',
    title: 'vde_switch',
    version: /^VDE (\d[\w.]*)/m,
    least: null,
    result: await run(['vde_switch', '--version']),
    install: installFix(['vde'], os),
  });

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
