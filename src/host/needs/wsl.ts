import { listed } from '../fix-of.ts';
import type { Check } from '../scene.ts';

/** The Windows Subsystem for Linux: which of its settings a lab wants. */
export const wsl: Check = ({ computer }) => {
  const { wsl: generation, systemd } = computer.surroundings;
  if (generation === null) return null;
  const rest = { id: 'wsl', title: 'Windows Subsystem for Linux' };
  if (generation === 1)
    return {
      ...rest,
      status: 'missing',
      found: 'WSL 1, which has no Linux kernel',
      needed: 'WSL 2',
      fix: {
        explain: 'Convert the distribution, in PowerShell; `wsl --list` shows its name.',
        packages: [],
        commands: ['wsl --set-version NAME 2'],
      },
    };
  const noKvm = computer.kvm === 'absent';
  if (systemd && !noKvm) return null;
  return {
    ...rest,
    status: 'warning',
    found: `WSL 2 without ${listed([...(systemd ? [] : ['systemd']), ...(noKvm ? ['/dev/kvm'] : [])])}`,
    needed: '/dev/kvm, for speed only, and systemd, which opens it to the group kvm',
    fix: {
      explain: [
        ...(noKvm
          ? [
              'On Windows 11 nested virtualisation brings /dev/kvm: nestedVirtualization=true below [wsl2] in .wslconfig, in your folder on Windows.',
            ]
          : []),
        ...(systemd ? [] : ['systemd is turned on in /etc/wsl.conf, as below.']),
        'Then, in PowerShell: wsl --shutdown',
      ].join(' '),
      packages: [],
      commands: systemd ? [] : ["printf '[boot]\\nsystemd=true\\n' | sudo tee -a /etc/wsl.conf"],
    },
  };
};
