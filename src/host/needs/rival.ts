import { type Check, isAtLeast } from '../scene.ts';

/** The kernel from which on KVM takes the processor's virtualisation when its module is loaded, not with its first guest. */
const holdsSince = '6.12';

/** KVM and VirtualBox cannot both have the processor's virtualisation. */
export const rival: Check = ({ options, computer }) => {
  const { virtualBoxRuns, kvmHoldsProcessor } = computer.surroundings;
  if (options.provider === 'virtualbox') {
    if (!kvmHoldsProcessor || !isAtLeast(computer.kernelRelease, holdsSince)) return null;
    return {
      id: 'kvm-and-virtualbox',
      title: 'KVM beside VirtualBox',
      status: 'warning',
      found: `KVM is loaded, and Linux ${computer.kernelRelease} gives it the processor's virtualisation at once`,
      needed:
        'the processor for VirtualBox, when its machines do not start (VERR_VMX_IN_VMX_ROOT_MODE)',
      fix: {
        explain: 'Unload KVM while no machine of its own runs.',
        packages: [],
        commands: ['sudo modprobe -r kvm_intel || sudo modprobe -r kvm_amd'],
      },
    };
  }
  if (!virtualBoxRuns || computer.kvm === 'absent') return null;
  return {
    id: 'kvm-and-virtualbox',
    title: 'VirtualBox beside KVM',
    status: 'warning',
    found: 'a machine of VirtualBox runs, and may keep the processor from KVM',
    needed: 'the processor for KVM, for speed only',
    fix: {
      explain: 'Power off the machines of VirtualBox while you use the lab.',
      packages: [],
      commands: ['VBoxManage list runningvms'],
    },
  };
};
