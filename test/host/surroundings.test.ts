import { expect, test } from 'vitest';
import { readSurroundings, type Surroundings } from '../../src/host/surroundings.ts';

/** Looks around a computer that has these files. */
function around(
  files: Readonly<Record<string, string>>,
  more: { kernelRelease?: string; env?: Record<string, string>; processes?: string[] } = {},
): Surroundings {
  const { kernelRelease = '6.12.48+deb13-amd64', env = {}, processes = ['systemd', 'sshd'] } = more;
  return readSurroundings(
    { user: 'ada', kernelRelease },
    {
      read: (file) => files[file] ?? '',
      exists: (file) => file in files,
      processes: () => processes,
      env,
    },
  );
}

test('an ordinary computer', () => {
  expect(around({ '/proc/1/comm': 'systemd\n', '/run/systemd/system': '' })).toEqual({
    wsl: null,
    container: null,
    githubRunner: false,
    systemd: true,
    selinuxEnforcing: false,
    cgroup: '',
    lingers: false,
    init: 'systemd',
    virtualBoxRuns: false,
    kvmHoldsProcessor: false,
  });
});

test.each([
  ['6.6.87.2-microsoft-standard-WSL2', 2],
  ['4.4.0-19041-Microsoft', 1],
  ['6.8.0-1021-azure', null],
])('the kernel %s: WSL %s', (kernelRelease, wsl) => {
  expect(around({}, { kernelRelease }).wsl).toBe(wsl);
});

test.each([
  [{ '/.dockerenv': '' }, 'docker'],
  // An image made for Docker that was started as a virtual machine.
  [{ '/.dockerenv': '', '/proc/2/comm': 'kthreadd\n' }, null],
  [{ '/run/.containerenv': 'engine="podman-5.4.2"' }, 'podman'],
  [{ '/run/systemd/container': 'lxc\n' }, 'lxc'],
  [{ '/proc/1/environ': 'TERM=linux\0container=lxc\0' }, 'lxc'],
  [{ '/run/systemd/container': 'systemd-nspawn\n' }, 'other'],
  [{ '/run/systemd/container': 'wsl\n' }, null],
])('%j: in %s', (files, container) => {
  expect(around(files).container).toBe(container);
});

test('where this process stands, under either kind of cgroups', () => {
  const scope = '/user.slice/user-1000.slice/session-2.scope';
  expect(around({ '/proc/self/cgroup': `0::${scope}\n` }).cgroup).toBe(scope);
  const old = `12:pids:/\n1:name=systemd:${scope}\n0::/\n`;
  expect(around({ '/proc/self/cgroup': old }).cgroup).toBe(scope);
});

test('the rest', () => {
  expect(around({ '/sys/fs/selinux/enforce': '1' }).selinuxEnforcing).toBe(true);
  expect(around({ '/sys/fs/selinux/enforce': '0' }).selinuxEnforcing).toBe(false);
  expect(around({ '/var/lib/systemd/linger/ada': '' }).lingers).toBe(true);
  expect(around({ '/var/lib/systemd/linger/bob': '' }).lingers).toBe(false);
  expect(around({}, { env: { GITHUB_ACTIONS: 'true' } }).githubRunner).toBe(true);
  expect(around({}, { processes: ['VBoxHeadless'] }).virtualBoxRuns).toBe(true);
  const atLoad = '/sys/module/kvm/parameters/enable_virt_at_load';
  expect(around({ '/sys/module/kvm_amd': '', [atLoad]: 'Y\n' }).kvmHoldsProcessor).toBe(true);
  expect(around({ '/sys/module/kvm_amd': '', [atLoad]: 'N\n' }).kvmHoldsProcessor).toBe(false);
});
