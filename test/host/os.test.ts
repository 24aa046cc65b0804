import { expect, test } from 'vitest';
import { readOs } from '../../src/host/os.ts';
import { packagesOf, tooOldQemu } from '../../src/host/packages.ts';
import { readRecording } from './recording.ts';
import { releases } from './scenes.ts';

const bookworm = readRecording('debian-12-bare').computer.osRelease;
const trixie = readRecording('debian-13-complete').computer.osRelease;

test.each([
  [bookworm, { family: 'debian', version: 12, base: null, installer: 'apt' }],
  [trixie, { family: 'debian', version: 13, base: null }],
  [releases.debianTesting, { family: 'debian', version: null, base: null }],
  [releases.jammy, { family: 'ubuntu', version: 22.04 }],
  [releases.noble, { family: 'ubuntu', version: 24.04, base: null, installer: 'apt' }],
  [releases.questing, { family: 'ubuntu', version: 25.1 }],
  [releases.resolute, { family: 'ubuntu', version: 26.04 }],
  [releases.mint, { family: 'ubuntu', version: 24.04, base: 'Ubuntu 24.04' }],
  [releases.pop, { family: 'ubuntu', version: 22.04, base: 'Ubuntu 22.04' }],
  [releases.lmde, { family: 'debian', version: 12, base: 'Debian 12' }],
  [releases.fedora, { family: 'fedora', version: 43, base: null, installer: 'dnf' }],
  [releases.silverblue, { family: 'fedora', version: 43, installer: 'rpm-ostree' }],
  [releases.nobara, { family: 'fedora', version: 40, base: 'Fedora 40' }],
  [releases.rhel, { family: 'rhel', version: 10, installer: 'dnf' }],
  [releases.alma, { family: 'rhel', version: 10 }],
  [releases.rocky, { family: 'rhel', version: 9.5 }],
  [releases.oracle, { family: 'rhel', version: 9.5 }],
  [releases.leap, { family: 'suse', version: 16, installer: 'zypper' }],
  [releases.tumbleweed, { family: 'suse', version: null }],
  [releases.arch, { family: 'arch', version: null, base: null, installer: 'pacman' }],
  [releases.manjaro, { family: 'arch', base: 'Arch Linux' }],
  [releases.endeavour, { family: 'arch', name: 'EndeavourOS', base: 'Arch Linux' }],
  [releases.nixos, { family: 'other', name: 'NixOS 25.05 (Warbler)', installer: null }],
  [releases.alpine, { family: 'other', name: 'Alpine Linux v3.23' }],
  // It names Fedora, but has packages of its own.
  [releases.amazon, { family: 'other', name: 'Amazon Linux 2023' }],
  // Of a release that is newer than this halab nothing is guessed.
  [
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="24"\nUBUNTU_CODENAME=zesty2',
    { family: 'ubuntu', version: null, base: 'Ubuntu' },
  ],
  ['', { family: 'other', name: 'linux' }],
])('%j', (text, expected) => {
  expect(readOs('linux', text)).toMatchObject(expected);
});

test.each([
  ['darwin', 'macos'],
  ['win32', 'windows'],
])('%s', (platform, family) => {
  expect(readOs(platform, '')).toMatchObject({ family, installer: null });
});

test.each([
  ['PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nVERSION_ID="11"\nID=debian', '5.2'],
  [bookworm, null],
  [releases.debianTesting, null],
  ['ID=ubuntu\nVERSION_ID="20.04"', '4.2'],
  [releases.jammy, '6.2'],
  [releases.pop, '6.2'],
  [releases.noble, null],
  [releases.fedora, null],
])('whose QEMU is too old: %j', (text, version) => {
  expect(tooOldQemu(readOs('linux', text))).toBe(version);
});

test('a derivative has the packages of the release that it is made from', () => {
  const packages = (text: string): readonly string[] =>
    packagesOf('libvirt-session', readOs('linux', text));
  expect(packages(releases.mint)).toEqual(packages(releases.noble));
  expect(packages(releases.lmde)).toEqual(packages(bookworm));
  expect(packages(releases.lmde)).not.toEqual(packages(trixie));
  expect(packagesOf('vagrant', readOs('linux', releases.lmde))).toEqual(['vagrant']);
  // Testing has dropped it, and unstable cannot be told from testing.
  expect(packagesOf('vagrant', readOs('linux', releases.debianTesting))).toEqual([]);
});
