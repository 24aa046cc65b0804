import type { Fix } from './findings.ts';
import type { Os } from './os.ts';
import { type Part, packagesOf } from './packages.ts';

/** What a person calls the parts. */
const names: Readonly<Record<Part, string>> = {
  vagrant: 'Vagrant',
  'vagrant-libvirt': "Vagrant's plugin for libvirt",
  qemu: 'QEMU',
  'qemu-img': "QEMU's disk tool",
  'libvirt-session': "libvirt's session daemon and virsh",
  'libvirt-system': "libvirt's system daemon and virsh",
  vde: 'the vde switch',
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

/** What installs packages on this system: "sudo apt-get install ..."; null where halab does not know. */
export function installCommand(packages: readonly string[], os: Os): string | null {
  if (packages.length === 0) return null;
  const all = [...new Set(packages)].sort().join(' ');
  if (os.family === 'debian' || os.family === 'ubuntu')
    return `sudo apt-get install --no-install-recommends ${all}`;
  if (os.family === 'fedora') return `sudo dnf install ${all}`;
  return null;
}

/** The fix that installs the parts on this system. */
export function installFix(parts: readonly Part[], os: Os): Fix {
  const packages = parts.flatMap((part) => packagesOf(part, os));
  const unpackaged = parts.filter((part) => packagesOf(part, os).length === 0);
  const command = installCommand(packages, os);
  const byHand = unpackaged.map((part) => otherWays(part, os));
  return {
    explain: [
      `Install ${listed(parts.map((part) => names[part]))}.`,
      ...byHand.map(({ explain }) => explain),
    ]
      .filter((text) => text !== '')
      .join(' '),
    packages,
    commands: [
      ...(command === null ? [] : [command]),
      ...byHand.flatMap(({ commands }) => commands),
    ],
  };
}

/** https://developer.hashicorp.com/vagrant/install */
const hashicorpApt = [
  'wget -O - https://apt.releases.hashicorp.com/gpg | sudo gpg --dearmor -o /usr/share/keyrings/hashicorp-archive-keyring.gpg',
  'echo "deb [arch=$(dpkg --print-architecture) signed-by=/usr/share/keyrings/hashicorp-archive-keyring.gpg] https://apt.releases.hashicorp.com $(. /etc/os-release; echo $VERSION_CODENAME) main" | sudo tee /etc/apt/sources.list.d/hashicorp.list',
  'sudo apt-get update && sudo apt-get install vagrant',
];

const byFamily: Partial<Record<Os['family'], Partial<Record<Part, readonly string[]>>>> = {
  // https://developer.hashicorp.com/vagrant/install
  macos: {
    vagrant: ['brew tap hashicorp/tap', 'brew install hashicorp/tap/hashicorp-vagrant'],
    virtualbox: ['brew install --cask virtualbox'],
  },
  windows: {
    vagrant: ['winget install --exact --id Hashicorp.Vagrant'],
    virtualbox: ['winget install --exact --id Oracle.VirtualBox'],
    ssh: ['Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0'],
  },
  ubuntu: {
    vagrant: hashicorpApt,
  },
};

/** How to come by a part for which this system has no package that halab knows. */
function otherWays(part: Part, os: Os): { explain: string; commands: readonly string[] } {
  const commands = byFamily[os.family]?.[part];
  if (commands !== undefined) {
    return {
      explain:
        os.family === 'ubuntu' && part === 'vagrant'
          ? "Ubuntu has no Vagrant that is new enough; HashiCorp's own repository has."
          : '',
      commands,
    };
  }
  if (part === 'virtualbox')
    return {
      explain: 'Packages for this system: https://www.virtualbox.org/wiki/Linux_Downloads',
      commands: [],
    };
  return {
    explain: `halab does not know in which package of ${os.name} ${names[part]} comes: look for it with your package manager.`,
    commands: [],
  };
}

/** The fix for a Vagrant that is too old: what this system packages is no newer. */
export function newerVagrantFix(os: Os): Fix {
  const apt = os.family === 'debian' || os.family === 'ubuntu';
  return {
    explain: apt
      ? "HashiCorp's own repository has a newer Vagrant."
      : 'Install a newer Vagrant: https://developer.hashicorp.com/vagrant/install',
    packages: [],
    commands: apt ? hashicorpApt : (byFamily[os.family]?.vagrant ?? []),
  };
}

/** The fix that adds the libvirt plugin to a Vagrant that is not the distribution's own. `home`: the Vagrant home that needs it; null for the user's. */
export function pluginFix(os: Os, home: string | null): Fix {
  const prefix = home === null ? '' : `VAGRANT_HOME='${home}' `;
  const headers =
    os.family === 'fedora'
      ? 'sudo dnf install gcc make libvirt-devel'
      : 'sudo apt-get install build-essential libvirt-dev';
  const knowsHeaders = os.family === 'fedora' || os.family === 'debian' || os.family === 'ubuntu';
  return {
    explain:
      "This Vagrant is not the distribution's own, so it builds the plugin itself, with libvirt's headers and a C compiler.",
    packages: [],
    commands: [
      ...(knowsHeaders ? [headers] : []),
      `${prefix}vagrant plugin install vagrant-libvirt`,
    ],
  };
}
