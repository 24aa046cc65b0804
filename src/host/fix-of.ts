import { pasteable } from '../local-runner.ts';
import type { Fix } from './findings.ts';
import type { Installer, Os } from './os.ts';
import { type Part, packagesOf } from './packages.ts';

/** What a person calls the parts. */
const names: Readonly<Record<Part, string>> = {
  vagrant: 'Vagrant',
  'vagrant-libvirt': "Vagrant's plugin for libvirt",
  qemu: 'QEMU',
  'qemu-img': "QEMU's disk tool",
  'libvirt-session': "libvirt's session daemon and virsh",
  'libvirt-system': "libvirt's system daemon and virsh",
  ssh: 'the OpenSSH client',
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'mke2fs',
  apt: 'apt',
  'debian-keyring': "the keys of Debian's archive",
  uidmap: 'newuidmap and newgidmap',
  virtualbox: 'VirtualBox',
};

/** "a, b and c" */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** What installs packages, by what installs them. halab itself never has a package removed, and neither does what it says to type. */
const installers: Readonly<Record<Installer, string>> = {
  apt: 'sudo apt-get install --no-install-recommends --no-remove',
  dnf: 'sudo dnf install',
  // Fedora's image-based editions take packages as layers, which are there after the next boot.
  'rpm-ostree': 'sudo rpm-ostree install',
  zypper: 'sudo zypper install',
  pacman: 'sudo pacman -S --needed',
};

/** What installs packages on this system: "sudo apt-get install ..."; null where halab does not know. */
export function installCommand(packages: readonly string[], os: Os): string | null {
  if (packages.length === 0 || os.installer === null) return null;
  return [installers[os.installer], ...[...new Set(packages)].sort()].join(' ');
}

/** The fix that installs the parts on this system. */
export function installFix(parts: readonly Part[], os: Os): Fix {
  const packages = parts.flatMap((part) => packagesOf(part, os));
  const unpackaged = parts.filter((part) => packagesOf(part, os).length === 0);
  const ways = unpackaged.map((part) => knownWay(part, os)).filter((way) => way !== null);
  const unknown = unpackaged.filter((part) => knownWay(part, os) === null);
  const command = installCommand(packages, os);
  return {
    explain: [
      `Install ${called(parts)}.`,
      ...(unknown.length === 0
        ? []
        : os.installer === null
          ? [
              `halab does not know the packages of ${os.name}: look for ${called(unknown)} with your package manager.`,
            ]
          : [`${os.name} has no package of ${called(unknown)}.`]),
      ...(unknown.includes('mmdebstrap') ? [copiedBox] : []),
      ...ways.map(({ explain }) => explain),
      ...(packages.length > 0 && os.installer === 'rpm-ostree' ? [afterBoot] : []),
    ]
      .filter((text) => text !== '')
      .join(' '),
    packages,
    commands: [...(command === null ? [] : [command]), ...ways.flatMap(({ commands }) => commands)],
  };
}

/** Packages are layers of the next boot's image there. */
export const afterBoot = 'Restart the computer afterwards: only then is it there.';

/** What starts a container anew with more rights: "docker run --init ...". `container`: which kind of it this is. */
export const containerStart = (container: string, ...options: readonly string[]): string =>
  `${[container === 'podman' ? 'podman' : 'docker', 'run', ...options].join(' ')} ...`;

/** A box is built on Debian and its kin most easily; any computer with the same halab can use it. */
const copiedBox =
  'Or copy a box from a computer that could build it: what its halab has in boxes (below HALAB_HOME, or ~/.local/share/halab), to the same place here.';

const called = (parts: readonly Part[]): string => listed(parts.map((part) => names[part]));

/**
 * HashiCorp's own packages (https://developer.hashicorp.com/vagrant/install), for apt. Their archive
 * is behind with new releases, and Vagrant's package is the same for each: it brings a Ruby of its
 * own. So a release that is surely there is named, not the one that this computer has.
 */
const hashicorpApt = (os: Os): string[] => [
  'wget -O - https://apt.releases.hashicorp.com/gpg | sudo gpg --dearmor -o /usr/share/keyrings/hashicorp-archive-keyring.gpg',
  `echo "deb [arch=amd64 signed-by=/usr/share/keyrings/hashicorp-archive-keyring.gpg] https://apt.releases.hashicorp.com ${os.family === 'ubuntu' ? 'jammy' : 'bookworm'} main" | sudo tee /etc/apt/sources.list.d/hashicorp.list`,
  'sudo apt-get update && sudo apt-get install --no-remove vagrant',
];

/** HashiCorp's packages for RHEL 9, which bring all that they need: openSUSE can take them too. */
const hashicorpZypper = [
  'sudo rpm --import https://rpm.releases.hashicorp.com/gpg',
  'sudo zypper addrepo https://rpm.releases.hashicorp.com/RHEL/9/x86_64/stable hashicorp',
  'sudo zypper install vagrant',
];

const hashicorpDnf = [
  'sudo dnf install yum-utils',
  'sudo yum-config-manager --add-repo https://rpm.releases.hashicorp.com/RHEL/hashicorp.repo',
  'sudo dnf install vagrant',
];

interface OtherWay {
  readonly explain: string;
  readonly commands: readonly string[];
}

/** What to type for a part that the distribution does not package, or packages too old; null where halab knows of nothing. */
function knownWay(part: Part, os: Os): OtherWay | null {
  if (part === 'virtualbox' && os.family !== 'macos' && os.family !== 'windows')
    return {
      explain: 'Packages for this system: https://www.virtualbox.org/wiki/Linux_Downloads',
      commands: [],
    };
  switch (`${os.family} ${part}`) {
    case 'macos vagrant':
      return {
        explain: '',
        commands: ['brew tap hashicorp/tap', 'brew install hashicorp/tap/hashicorp-vagrant'],
      };
    case 'macos virtualbox':
      return { explain: '', commands: ['brew install --cask virtualbox'] };
    case 'windows vagrant':
      return {
        explain: '',
        commands: ['winget install --exact --id Hashicorp.Vagrant'],
      };
    case 'windows virtualbox':
      return { explain: '', commands: ['winget install --exact --id Oracle.VirtualBox'] };
    case 'windows ssh':
      return {
        explain: '',
        commands: ['Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0'],
      };
    case 'ubuntu vagrant':
      return {
        explain: "Ubuntu has no Vagrant that is new enough; HashiCorp's own repository has.",
        commands: hashicorpApt(os),
      };
    case 'debian vagrant':
      return {
        explain:
          "Debian's testing release has no Vagrant. On unstable: sudo apt-get install vagrant vagrant-libvirt. On testing take HashiCorp's.",
        commands: hashicorpApt(os),
      };
    case 'suse vagrant':
      return {
        explain:
          "openSUSE has no Vagrant any more; HashiCorp's package for RHEL brings all that it needs.",
        commands: hashicorpZypper,
      };
    case 'rhel vagrant':
      return {
        explain: "There is none in the distribution; HashiCorp's own repository has one.",
        commands: hashicorpDnf,
      };
    case 'arch mmdebstrap':
      return {
        explain: 'mmdebstrap is in the AUR.',
        commands: [
          'git clone https://aur.archlinux.org/mmdebstrap.git && cd mmdebstrap && makepkg --syncdeps --install',
        ],
      };
    default:
      return null;
  }
}

/** The fix for a Vagrant that is too old: what this system packages is no newer. */
export function newerVagrantFix(os: Os): Fix {
  const commands =
    os.installer === 'apt' ? hashicorpApt(os) : (knownWay('vagrant', os)?.commands ?? []);
  return {
    explain:
      os.installer === 'apt'
        ? "HashiCorp's own repository has a newer Vagrant."
        : 'Install a newer Vagrant: https://developer.hashicorp.com/vagrant/install',
    packages: [],
    commands,
  };
}

/** What the plugin is built with: a C compiler and libvirt's headers. */
const toBuildWith: Readonly<Record<Installer, string>> = {
  apt: 'sudo apt-get install --no-remove build-essential libvirt-dev',
  dnf: 'sudo dnf install gcc make libvirt-devel',
  'rpm-ostree': 'sudo rpm-ostree install gcc make libvirt-devel',
  zypper: 'sudo zypper install gcc make pkgconf libvirt-devel libxml2-devel libxslt-devel',
  // Arch's package of a library has its headers.
  pacman: 'sudo pacman -S --needed base-devel',
};

/** The fix that adds the libvirt plugin to a Vagrant that is not the distribution's own. `home`: the Vagrant home that needs it; null for the user's. */
export function pluginFix(os: Os, home: string | null): Fix {
  const prefix = home === null ? '' : `VAGRANT_HOME=${pasteable([home])} `;
  return {
    explain:
      "Vagrant builds the plugin itself, with libvirt's headers and a C compiler, where no package of it goes with that Vagrant.",
    packages: [],
    commands: [
      ...(os.installer === null ? [] : [toBuildWith[os.installer]]),
      `${prefix}vagrant plugin install vagrant-libvirt`,
    ],
  };
}
