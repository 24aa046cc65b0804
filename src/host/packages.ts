import type { Os } from './os.ts';

/** What can be installed. */
export type Part =
  | 'vagrant'
  | 'vagrant-libvirt'
  | 'qemu'
  | 'qemu-img'
  | 'libvirt-session'
  | 'libvirt-system'
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
 * users and the default network with virbr0.
 */
export function packagesOf(part: Part, os: Os): readonly string[] {
  switch (os.family) {
    case 'debian':
    case 'ubuntu':
      return debianPackages(part, os);
    case 'fedora':
      return fedoraPackages[part];
    case 'rhel':
      return rhelPackages[part];
    case 'suse':
      return susePackages[part];
    case 'arch':
      return archPackages[part];
    default:
      return [];
  }
}

/**
 * Debian's names were looked up in the archives of 12, 13, testing and unstable (November 2026). Of
 * the others only Debian 12 and 13 have Vagrant in a release that can still be installed from:
 * testing has dropped it (unstable has it), and Ubuntu's last one is 2.2, in 22.04.
 */
function debianPackages(part: Part, os: Os): string[] {
  switch (part) {
    case 'vagrant':
    case 'vagrant-libvirt':
      return os.family === 'debian' && os.version !== null && os.version < 14 ? [part] : [];
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

/**
 * Whether each libvirt driver is a package of its own, which vagrant-libvirt needs for disks and for
 * networks: yes from Debian 13 on; Ubuntu's releases up to 24.04 are like Debian 12.
 */
function hasSplitDrivers(os: Os): boolean {
  const since = os.family === 'debian' ? 13 : 25.04;
  return os.version === null || os.version >= since;
}

/** Vagrant 2.3.4 and its plugin 0.11.2 are in Fedora 42 and 43 (packages.fedoraproject.org); the other names are those that public scripts for Fedora install. */
const fedoraPackages: Readonly<Record<Part, readonly string[]>> = {
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
  ssh: ['openssh-clients'],
  mmdebstrap: ['mmdebstrap'],
  mke2fs: ['e2fsprogs'],
  apt: ['apt'],
  'debian-keyring': ['debian-keyring'],
  uidmap: ['shadow-utils'],
  virtualbox: [],
};

/**
 * RHEL, AlmaLinux, Rocky, CentOS Stream, Oracle Linux: no Vagrant, and a QEMU for KVM alone that is
 * no `qemu-system-x86_64` (it is /usr/libexec/qemu-kvm).
 */
const rhelPackages: Readonly<Record<Part, readonly string[]>> = {
  ...fedoraPackages,
  vagrant: [],
  'vagrant-libvirt': [],
  qemu: [],
  mmdebstrap: [],
  apt: [],
  'debian-keyring': [],
};

/**
 * openSUSE: Leap 16 and Tumbleweed have no Vagrant any more (software.opensuse.org), and that of Leap 15
 * is from the time of the plugin's 0.10; no mmdebstrap and no apt. The names of QEMU's packages are those that public instructions for
 * openSUSE give; libvirt's are those of its own package list.
 */
const susePackages: Readonly<Record<Part, readonly string[]>> = {
  vagrant: [],
  'vagrant-libvirt': [],
  qemu: ['qemu-x86'],
  'qemu-img': ['qemu-tools'],
  'libvirt-session': [
    'libvirt-client',
    'libvirt-daemon-driver-network',
    'libvirt-daemon-driver-qemu',
    'libvirt-daemon-driver-storage-core',
  ],
  'libvirt-system': ['libvirt-client', 'libvirt-daemon-config-network', 'libvirt-daemon-qemu'],
  ssh: ['openssh-clients'],
  mmdebstrap: [],
  mke2fs: ['e2fsprogs'],
  apt: [],
  'debian-keyring': [],
  uidmap: ['shadow'],
  virtualbox: ['virtualbox'],
};

/** Arch: Vagrant 2.4 without the plugin, mmdebstrap only in the AUR (archlinux.org/packages, aur.archlinux.org). */
const archPackages: Readonly<Record<Part, readonly string[]>> = {
  vagrant: ['vagrant'],
  'vagrant-libvirt': [],
  qemu: ['qemu-system-x86'],
  'qemu-img': ['qemu-img'],
  'libvirt-session': ['libvirt'],
  'libvirt-system': ['dnsmasq', 'libvirt'],
  ssh: ['openssh'],
  mmdebstrap: [],
  mke2fs: ['e2fsprogs'],
  apt: ['apt'],
  'debian-keyring': ['debian-archive-keyring'],
  uidmap: ['shadow'],
  virtualbox: ['virtualbox'],
};

/**
 * The version of QEMU that a release has, of those whose QEMU is older than the rootless lab needs;
 * null for all others (packages.debian.org, packages.ubuntu.com).
 */
export function tooOldQemu({ family, version }: Os): string | null {
  if (version === null) return null;
  if (family === 'debian' && version < 12) return '5.2';
  if (family === 'ubuntu' && version < 22.04) return '4.2';
  if (family === 'ubuntu' && version < 23.1) return '6.2';
  return null;
}
