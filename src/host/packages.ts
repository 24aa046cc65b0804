import type { Os } from './os.ts';

/** What can be installed. */
export type Part =
  | 'vagrant'
  | 'vagrant-libvirt'
  | 'qemu'
  | 'qemu-img'
  | 'libvirt-session'
  | 'libvirt-system'
  | 'vde'
  | 'ssh'
  | 'mmdebstrap'
  | 'mke2fs'
  | 'apt'
  | 'debian-keyring'
  | 'uidmap'
  | 'virtualbox';

/**
 * Names of the packages that bring a part, by distribution; [] where the distribution has none.
 *
 * The session daemon needs no `libvirt-daemon-system`, which would bring the system's daemon, its
 * users and the default network with virbr0. Debian 13 split the daemon's drivers into packages of
 * their own; vagrant-libvirt needs those for disks and for networks. Ubuntu's last Vagrant is 2.2
 * (in 22.04); newer releases have none.
 */
export function packagesOf(part: Part, os: Os): string[] {
  if (os.family === 'debian' || os.family === 'ubuntu') return debianPackages(part, os);
  if (os.family === 'fedora') return fedoraPackages[part];
  return [];
}

function debianPackages(part: Part, os: Os): string[] {
  switch (part) {
    case 'vagrant':
    case 'vagrant-libvirt':
      return os.family === 'debian' ? [part] : [];
    case 'qemu':
      return ['qemu-system-x86'];
    case 'qemu-img':
      return ['qemu-utils'];
    case 'libvirt-session':
      return [
        'libvirt-clients',
        'libvirt-daemon',
        'libvirt-daemon-driver-qemu',
        ...(hasSplitDrivers(os)
          ? ['libvirt-daemon-driver-network', 'libvirt-daemon-driver-storage']
          : []),
      ];
    case 'libvirt-system':
      return ['dnsmasq-base', 'libvirt-clients', 'libvirt-daemon-system'];
    case 'vde':
      return ['vde2'];
    case 'ssh':
      return ['openssh-client'];
    case 'mmdebstrap':
      return ['mmdebstrap'];
    case 'mke2fs':
      return ['e2fsprogs'];
    case 'apt':
      return ['apt'];
    case 'debian-keyring':
      return ['debian-archive-keyring'];
    case 'uidmap':
      return ['uidmap'];
    case 'virtualbox':
      return os.family === 'ubuntu' ? ['virtualbox'] : [];
  }
}

/** Whether each libvirt driver is a package of its own: yes from Debian 13 on; Ubuntu's releases up to 24.04 are like Debian 12. */
function hasSplitDrivers(os: Os): boolean {
  const since = os.family === 'debian' ? 13 : 25.04;
  return os.version === null || os.version >= since;
}

const fedoraPackages: Readonly<Record<Part, string[]>> = {
  vagrant: ['vagrant'],
  'vagrant-libvirt': ['vagrant-libvirt'],
  qemu: ['qemu-system-x86-core'],
  'qemu-img': ['qemu-img'],
  'libvirt-session': [
    'libvirt-client',
    'libvirt-daemon-driver-network',
    'libvirt-daemon-driver-qemu',
    'libvirt-daemon-driver-storage-core',
  ],
  'libvirt-system': ['libvirt-client', 'libvirt-daemon-config-network', 'libvirt-daemon-kvm'],
  vde: ['vde2'],
  ssh: ['openssh-clients'],
  mmdebstrap: ['mmdebstrap'],
  mke2fs: ['e2fsprogs'],
  apt: ['apt'],
  'debian-keyring': ['debian-keyring'],
  uidmap: ['shadow-utils'],
  virtualbox: [],
};
