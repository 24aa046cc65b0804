import type { ExamineOptions } from '../../src/host/examine.ts';
import { orphanTest } from '../../src/host/needs/reaping.ts';
import type { Surroundings } from '../../src/host/surroundings.ts';
import { type Answer, keyOf, type Recording, readRecording } from './recording.ts';

// Computers as people have them. What the programs of Debian 12 and 13 answer is recorded; another
// system is a bare one of these under that system's name (the lines of /etc/os-release that are
// looked at), without what it does not come with.

/** A computer for a scene, and how it is looked at. */
export interface HostScene {
  readonly recording: Recording;
  readonly options?: Partial<ExamineOptions>;
}

export const says = (stdout: string, exitCode = 0, stderr = ''): Answer => ({
  exitCode,
  stdout,
  stderr,
  timedOut: false,
});

export const absent = (program: string): Answer => ({
  exitCode: null,
  stdout: '',
  stderr: `${program}: no such program`,
  timedOut: false,
});

/** The recording with other answers, another computer, in other surroundings. */
export const changed = (
  recording: Recording,
  commands: Readonly<Record<string, Answer>>,
  computer: Partial<Recording['computer']> = {},
  surroundings: Partial<Surroundings> = {},
): Recording => ({
  ...recording,
  computer: {
    ...recording.computer,
    ...computer,
    surroundings: {
      ...recording.computer.surroundings,
      ...computer.surroundings,
      ...surroundings,
    },
  },
  commands: { ...recording.commands, ...commands },
});

/** An ordinary user's shell in a terminal of a desktop. */
const desktopShell =
  '/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope';

const ada: Partial<Recording['computer']> = {
  uid: 1000,
  user: 'ada',
  subordinateIds: true,
  freeIds: 100_000,
  isLocalUser: true,
  namespaceSettings: [],
  memoryTotal: 15_842,
  memoryAvailable: 11_230,
  diskFree: 181_254,
  kernelRelease: '6.12.0',
};
const booted: Partial<Surroundings> = { systemd: true, init: 'systemd', container: null };

const complete12 = readRecording('debian-12-complete');
const complete13 = readRecording('debian-13-complete');
const bare = readRecording('debian-12-bare');

const kvmWorks: Recording['kvm'] = {
  usable: true,
  how: 'ran a boot sector of 512 bytes',
  reason: 'KVM runs a boot sector of 512 bytes',
};

/** ada's laptop, freshly set up with that system: it has ssh and user ids, and nothing of what a lab needs. */
function laptop(osRelease: string, commands: Readonly<Record<string, Answer>> = {}): Recording {
  const everywhere = Object.fromEntries(
    ['ssh -V', "ssh-keygen '-?'", 'newuidmap', 'unshare --user true', 'mke2fs -V'].map(
      (command) => [command, complete12.commands[command] ?? absent(command)],
    ),
  );
  const debianKeyring = /^ID=debian$/m.test(osRelease) || /LMDE/.test(osRelease);
  return changed(
    bare,
    { ...everywhere, ...commands },
    { ...ada, osRelease, debianKeyring },
    booted,
  );
}

/** The same, for a system that does not live by apt. */
const withoutApt = (osRelease: string): Recording =>
  laptop(osRelease, {
    'apt-get --version': absent('apt-get'),
    [dpkgQuery]: absent('dpkg-query'),
  });
const dpkgQuery =
  Object.keys(bare.commands).find((command) => command.startsWith('dpkg-query')) ?? '';

/** ada's laptop with everything that a lab needs, under Debian 13. */
const readyLaptop = changed({ ...complete13, kvm: kvmWorks }, {}, ada, booted);

const ubuntu = (version: string, name: string, codename: string): string =>
  `PRETTY_NAME="${name}"\nNAME="Ubuntu"\nVERSION_ID="${version}"\nVERSION_CODENAME=${codename}\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=${codename}`;

/** Texts of /etc/os-release, as far as they are looked at. */
export const releases = {
  debianTesting:
    'PRETTY_NAME="Debian GNU/Linux forky/sid"\nNAME="Debian GNU/Linux"\nVERSION_CODENAME=forky\nID=debian',
  jammy: ubuntu('22.04', 'Ubuntu 22.04.5 LTS', 'jammy'),
  noble: ubuntu('24.04', 'Ubuntu 24.04.3 LTS', 'noble'),
  questing: ubuntu('25.10', 'Ubuntu 25.10', 'questing'),
  resolute: ubuntu('26.04', 'Ubuntu 26.04 LTS', 'resolute'),
  mint: 'NAME="Linux Mint"\nVERSION="22 (Wilma)"\nID=linuxmint\nID_LIKE="ubuntu debian"\nPRETTY_NAME="Linux Mint 22"\nVERSION_ID="22"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble',
  lmde: 'PRETTY_NAME="LMDE 6 (faye)"\nNAME="LMDE"\nVERSION_ID="6"\nVERSION_CODENAME=faye\nID=linuxmint\nID_LIKE=debian\nDEBIAN_CODENAME=bookworm',
  pop: 'NAME="Pop!_OS"\nVERSION="22.04 LTS"\nID=pop\nID_LIKE="ubuntu debian"\nPRETTY_NAME="Pop!_OS 22.04 LTS"\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nUBUNTU_CODENAME=jammy',
  fedora:
    'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=43\nPLATFORM_ID="platform:f43"\nPRETTY_NAME="Fedora Linux 43 (Workstation Edition)"\nVARIANT_ID=workstation',
  silverblue:
    'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=43\nPLATFORM_ID="platform:f43"\nPRETTY_NAME="Fedora Linux 43 (Silverblue)"\nVARIANT_ID=silverblue',
  nobara:
    'NAME="Nobara Linux"\nID=nobara\nID_LIKE="rhel centos fedora"\nVERSION_ID=40\nPLATFORM_ID="platform:f40"\nPRETTY_NAME="Nobara Linux 40 (KDE Plasma)"\nVARIANT_ID=kde',
  rhel: 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="centos fedora"\nVERSION_ID="10.0"\nPLATFORM_ID="platform:el10"\nPRETTY_NAME="Red Hat Enterprise Linux 10.0 (Coughlan)"',
  alma: 'NAME="AlmaLinux"\nID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="10.0"\nPLATFORM_ID="platform:el10"\nPRETTY_NAME="AlmaLinux 10.0 (Purple Lion)"',
  rocky:
    'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"\nPLATFORM_ID="platform:el9"\nPRETTY_NAME="Rocky Linux 9.5 (Blue Onyx)"',
  oracle:
    'NAME="Oracle Linux Server"\nID="ol"\nID_LIKE="fedora"\nVERSION_ID="9.5"\nPLATFORM_ID="platform:el9"\nPRETTY_NAME="Oracle Linux Server 9.5"',
  amazon:
    'NAME="Amazon Linux"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPLATFORM_ID="platform:al2023"\nPRETTY_NAME="Amazon Linux 2023"',
  leap: 'NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="16.0"\nPRETTY_NAME="openSUSE Leap 16.0"',
  tumbleweed:
    'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\nVERSION_ID="20261120"\nPRETTY_NAME="openSUSE Tumbleweed"',
  arch: 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling',
  manjaro:
    'NAME="Manjaro Linux"\nPRETTY_NAME="Manjaro Linux"\nID=manjaro\nID_LIKE=arch\nBUILD_ID=rolling',
  endeavour:
    "NAME=EndeavourOS\nPRETTY_NAME=EndeavourOS\nID=endeavouros\nID_LIKE=arch\nHOME_URL='https://endeavouros.com'",
  nixos:
    'ID=nixos\nID_LIKE=""\nNAME=NixOS\nPRETTY_NAME="NixOS 25.05 (Warbler)"\nVERSION_ID="25.05"',
  alpine: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.23.2\nPRETTY_NAME="Alpine Linux v3.23"',
} as const;

/** What a simulation says when VirtualBox 7.2 is there: recorded with apt 3.0 of Debian 13, shortened. */
const removesVirtualBox = says(
  'The following packages will be REMOVED:\n  virtualbox\n0 upgraded, 169 newly installed, 1 to remove and 0 not upgraded.\nRemv virtualbox [7.2.0-dfsg-1]\nInst vagrant (2.3.7+git20230731.5fc64cde+dfsg-3+b1 Debian:13.8/stable [amd64])',
);

/** What HashiCorp's Vagrant says when libvirt's library wants a newer one than Vagrant brings. */
const doesNotLoad = says(
  '',
  1,
  'Vagrant failed to initialize at a very early stage:\n\nThere was an error loading a Vagrantfile. The file being loaded\nand the error message are shown below. This is usually caused by\na syntax error.\n\nPath: /tmp/halab-plugin-x/Vagrantfile\nLine number: 1\nMessage: LoadError: /lib/x86_64-linux-gnu/libvirt.so.0: undefined symbol: curl_mime_free - _libvirt.so',
);

/** Every computer of which it is kept what the doctor says there. */
export const scenes: Readonly<Record<string, HostScene>> = {
  'debian-12': { recording: complete12 },
  'debian-12-bare': { recording: bare },
  'debian-13': { recording: readyLaptop },
  'debian-13-with-virtualbox': {
    recording: laptop(complete13.computer.osRelease, { 'apt-get --simulate': removesVirtualBox }),
  },
  'debian-13-desktop': {
    recording: changed(readyLaptop, {}, {}, { cgroup: desktopShell, virtualBoxRuns: true }),
  },
  'debian-testing': { recording: laptop(releases.debianTesting) },
  'ubuntu-22.04': { recording: laptop(releases.jammy) },
  'ubuntu-24.04': { recording: laptop(releases.noble) },
  'ubuntu-26.04-plugin-does-not-load': {
    recording: changed(
      readyLaptop,
      {
        [dpkgQuery]: says('vagrant installed 2.4.9-1\nlibvirt0 installed 12.0.0-1ubuntu1'),
        'vagrant --version': says('Vagrant 2.4.9'),
        'vagrant plugin list': says('vagrant-libvirt (0.12.2, global)'),
        'vagrant validate --ignore-provider': doesNotLoad,
      },
      { osRelease: releases.resolute },
    ),
  },
  'linux-mint-22': { recording: laptop(releases.mint) },
  'lmde-6': { recording: laptop(releases.lmde) },
  'pop-22.04': { recording: laptop(releases.pop) },
  'fedora-43': {
    recording: changed(withoutApt(releases.fedora), {}, {}, { selinuxEnforcing: true }),
  },
  'fedora-silverblue-43': { recording: withoutApt(releases.silverblue) },
  'almalinux-10': {
    recording: changed(withoutApt(releases.alma), {}, {}, { selinuxEnforcing: true }),
  },
  'opensuse-leap-16': { recording: withoutApt(releases.leap) },
  'opensuse-tumbleweed': { recording: withoutApt(releases.tumbleweed) },
  'arch-linux': { recording: withoutApt(releases.arch) },
  endeavouros: { recording: withoutApt(releases.endeavour) },
  nixos: { recording: withoutApt(releases.nixos) },
  'wsl-2': {
    recording: {
      ...changed(
        readyLaptop,
        {},
        { kvm: 'absent', kernelRelease: '6.6.87.2-microsoft-standard-WSL2' },
        { wsl: 2, systemd: false, init: 'init' },
      ),
      kvm: {
        usable: false,
        how: 'nothing was run',
        reason: 'there is no /dev/kvm',
      },
    },
  },
  docker: {
    recording: changed(
      complete13,
      {
        true: says('', 1, 'unshare: unshare failed: Operation not permitted'),
        [keyOf(orphanTest)]: says('State:\tZ (zombie)\nPPid:\t1'),
      },
      { memoryAvailable: 11_230, diskFree: 181_254, kvm: 'absent' },
      { container: 'docker', init: 'bash' },
    ),
  },
  'github-runner': {
    recording: {
      ...changed(
        laptop(releases.noble),
        {},
        { user: 'runner', kvm: 'forbidden', diskFree: 73_000 },
        { githubRunner: true },
      ),
      kvm: { usable: false, how: 'nothing was run', reason: 'runner may not open /dev/kvm' },
    },
  },
};
