import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ExamineOptions, examine } from '../../src/host/examine.ts';
import type { Finding } from '../../src/host/findings.ts';
import { isAtLeast } from '../../src/host/scene.ts';
import { type Recording, readRecording, recordedRunner } from './recording.ts';
import { absent, changed, says } from './scenes.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'halab-examine-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const complete = readRecording('debian-12-complete');
const bare = readRecording('debian-12-bare');
const trixie = readRecording('debian-13-complete');

/** The findings by id. */
async function look(
  recording: Recording,
  options: Partial<ExamineOptions> = {},
): Promise<Record<string, Finding>> {
  const findings = await examine(
    recordedRunner(recording),
    {
      provider: 'rootless',
      dataDir,
      machines: 3,
      runDir: '/tmp/halab-0/01234567',
      needBox: true,
      ...options,
    },
    { computer: () => recording.computer, kvm: async () => recording.kvm },
  );
  return Object.fromEntries(findings.map((finding) => [finding.id, finding]));
}

const notOk = (findings: Record<string, Finding>): string[] =>
  Object.values(findings)
    .filter(({ status }) => status !== 'ok')
    .map(({ id }) => id);

const virshSession =
  "virsh --quiet --connect qemu:///session 'version; pool-list --all; net-list --all'";
const virshSystem = 'virsh --quiet --connect qemu:///system version';

describe('a Debian 12 with everything', () => {
  test('lacks nothing but usable KVM, which is only a warning', async () => {
    const findings = await look(complete);
    expect(notOk(findings)).toEqual(['acceleration']);
    expect(findings.acceleration).toMatchObject({ status: 'warning', fix: null });
    expect(findings.acceleration?.found).toContain('Software emulation works, 3 to 5 times slower');
  });

  test('is described by what was seen', async () => {
    const findings = await look(complete);
    expect(Object.values(findings).map(({ id, found }) => `${id}: ${found}`)).toEqual(
      expect.arrayContaining([
        'vagrant: Vagrant 2.3.4',
        'provider-plugin: vagrant-libvirt 0.11.2-1',
        'qemu: QEMU 7.2.22',
        'platform: Debian GNU/Linux 12 (bookworm)',
        'qemu-network: QEMU has stream and user',
        'libvirt: libvirt 9.0.0, its session daemon answers',
        'ssh: OpenSSH_9.2p1 Debian-2+deb12u6',
      ]),
    );
  });

  test('shows working KVM as such', async () => {
    const findings = await look({
      ...complete,
      kvm: { usable: true, how: "booted the box's kernel", reason: "KVM runs the box's kernel" },
    });
    expect(findings.acceleration).toMatchObject({
      status: 'ok',
      found: "KVM works: it booted the box's kernel",
    });
  });
});

test('a Debian 13 with everything lacks nothing', async () => {
  const findings = await look(trixie);
  expect(notOk(findings)).toEqual(['acceleration']);
  expect(findings.vagrant?.found).toBe('Vagrant 2.3.8.dev');
});

test('a bare Debian 12 lacks all of it, and each fix names packages', async () => {
  const findings = await look(bare);
  const missing = Object.values(findings).filter(({ status }) => status === 'missing');
  expect(missing.map(({ id }) => id)).toEqual([
    'vagrant',
    'provider-plugin',
    'qemu',
    'qemu-img',
    'libvirt',
    'ssh',
    'box-tools',
  ]);
  for (const { id, fix } of missing) expect(fix?.packages, id).not.toHaveLength(0);
  expect(findings.acceleration?.found).toBe('not tried: there is no QEMU yet');
});

test.each([
  ['qemu-img --version', 'qemu-img', 'qemu-img', ['qemu-utils']],
  ['ssh -V', 'ssh', 'ssh', ['openssh-client']],
  ["ssh-keygen '-?'", 'ssh-keygen', 'ssh', ['openssh-client']],
  ['mmdebstrap --version', 'mmdebstrap', 'box-tools', ['mmdebstrap']],
  ['mke2fs -V', 'mke2fs', 'box-tools', ['e2fsprogs']],
  [
    'libvirtd --version',
    'libvirtd',
    'libvirt',
    ['libvirt-clients', 'libvirt-daemon', 'libvirt-daemon-driver-qemu'],
  ],
  [
    virshSession,
    'virsh',
    'libvirt',
    ['libvirt-clients', 'libvirt-daemon', 'libvirt-daemon-driver-qemu'],
  ],
] as const)(
  'without the program of `%s` only that is missing',
  async (command, program, id, packages) => {
    const findings = await look(changed(complete, { [command]: absent(program) }));
    expect(notOk(findings).filter((other) => other !== 'acceleration')).toEqual([id]);
    expect(findings[id]).toMatchObject({ status: 'missing', fix: { packages } });
  },
);

test('a program that is there and fails is not called absent', async () => {
  const broken = says('', 127, 'error while loading shared libraries: libvdeplug.so.2');
  const { qemu } = await look(changed(complete, { 'qemu-system-x86_64 --version': broken }));
  expect(qemu).toMatchObject({
    status: 'missing',
    found: 'QEMU does not work: error while loading shared libraries: libvdeplug.so.2',
    fix: { packages: [] },
  });
});

describe('Vagrant', () => {
  test('2.2 is too old, and Debian has no newer one', async () => {
    const { vagrant } = await look(
      changed(complete, { 'vagrant --version': says('Vagrant 2.2.19') }),
    );
    expect(vagrant).toMatchObject({
      status: 'too-old',
      found: 'Vagrant 2.2.19',
      fix: { packages: [] },
    });
    expect(vagrant?.fix?.commands.at(-1)).toContain('apt-get install --no-remove vagrant');
  });

  test("HashiCorp's does not see Debian's plugin, and is asked itself", async () => {
    const dpkg =
      Object.keys(complete.commands).find((command) => command.startsWith('dpkg-query')) ?? '';
    const packages = says('vagrant installed 2.4.9-1\nvagrant-libvirt installed 0.11.2-1');
    const without = await look(
      changed(complete, { [dpkg]: packages, 'vagrant plugin list': says('No plugins installed.') }),
    );
    expect(without['provider-plugin']).toMatchObject({ status: 'missing', fix: { packages: [] } });
    // A rootless lab's Vagrant has a home of its own, and so its own plugins.
    expect(without['provider-plugin']?.fix?.commands.at(-1)).toBe(
      `VAGRANT_HOME=${join(dataDir, 'vagrant')} vagrant plugin install vagrant-libvirt`,
    );
    const has = await look(
      changed(complete, {
        [dpkg]: packages,
        'vagrant plugin list': says('vagrant-libvirt (0.12.2, global)'),
      }),
    );
    expect(has['provider-plugin']).toMatchObject({ status: 'ok', found: 'vagrant-libvirt 0.12.2' });
  });
});

describe('QEMU', () => {
  const netdevs = (): string =>
    complete.commands['qemu-system-x86_64 -netdev help']?.stdout ?? 'not recorded';

  test.each(['stream', 'user'])('built without %s cannot run a rootless lab', async (kind) => {
    expect(netdevs()).toContain(`${kind}\n`);
    const findings = await look(
      changed(complete, {
        'qemu-system-x86_64 -netdev help': says(netdevs().replace(`${kind}\n`, '')),
      }),
    );
    expect(findings['qemu-network']).toMatchObject({
      status: 'missing',
      found: `this QEMU was built without ${kind}`,
      fix: { packages: [], commands: ['halab doctor --provider libvirt'] },
    });
  });

  test.each([
    ['7.1.0', 'too-old'],
    ['7.2.0', 'ok'],
    ['11.1.2', 'ok'],
  ])('%s is %s for a rootless lab, and fine for the system libvirt', async (version, status) => {
    const recording = changed(complete, {
      'qemu-system-x86_64 --version': says(`QEMU emulator version ${version} (Debian 1:x)`),
    });
    expect((await look(recording)).qemu?.status).toBe(status);
    expect((await look(recording, { provider: 'libvirt' })).qemu?.status).toBe('ok');
  });
});

describe("libvirt's daemons", () => {
  test('a session daemon that fails is shown in its own words', async () => {
    const stderr =
      "error: failed to connect to the hypervisor\nerror: Failed to find user record for uid '1000'";
    const { libvirt } = await look(changed(complete, { [virshSession]: says('', 1, stderr) }));
    expect(libvirt).toMatchObject({
      status: 'missing',
      found: "the session daemon does not work: Failed to find user record for uid '1000'",
      fix: { packages: [] },
    });
  });

  test('a missing driver is a missing package (Debian 13 has one for each)', async () => {
    const stderr =
      'error: Failed to list pools\nerror: this function is not supported by the connection driver: virConnectNumOfStoragePools';
    const { libvirt } = await look(
      changed(trixie, { [virshSession]: says('Using library: libvirt 11.3.0', 1, stderr) }),
    );
    expect(libvirt?.fix?.packages).toContain('libvirt-daemon-driver-storage');
  });

  test('the system daemon of this recording does not run', async () => {
    const findings = await look(complete, { provider: 'libvirt' });
    expect(findings.libvirt).toMatchObject({
      status: 'missing',
      fix: { packages: [], commands: ['sudo systemctl start libvirtd'] },
    });
    expect(findings).not.toHaveProperty('qemu-network');
  });

  test('the system daemon may be closed to you', async () => {
    const stderr =
      "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied";
    const { libvirt } = await look(
      changed(complete, { [virshSystem]: says('', 1, stderr) }, { user: 'ada' }),
      { provider: 'libvirt' },
    );
    expect(libvirt?.fix?.commands).toEqual(['sudo usermod --append --groups libvirt ada']);
  });
});

describe('who you are', () => {
  test('root needs user namespaces', async () => {
    const forbidden = says('', 1, 'unshare: unshare failed: Operation not permitted');
    const findings = await look(changed(complete, { true: forbidden, [virshSession]: forbidden }));
    expect(findings['user-namespace']).toMatchObject({
      status: 'missing',
      found: 'no user namespace: unshare: unshare failed: Operation not permitted',
    });
    // That no session daemon answers follows from it.
    expect(findings).not.toHaveProperty('libvirt');
    expect((await look(changed(complete, { [virshSession]: forbidden }))).libvirt?.status).toBe(
      'missing',
    );
  });

  test('a libvirt that is not installed is told beside what else is wrong', async () => {
    const forbidden = says('', 1, 'unshare: unshare failed: Operation not permitted');
    const noVirsh = says('', 127, 'unshare: failed to execute virsh: No such file or directory');
    const findings = await look(changed(complete, { true: forbidden, [virshSession]: noVirsh }));
    expect(findings.libvirt?.found).toBe('no virsh');
  });

  describe('an ordinary user, for the box', () => {
    const ada = changed(complete, {}, { uid: 1000, user: 'ada', subordinateIds: true });
    const idsOf = async (computer: Partial<Recording['computer']>, commands = {}) =>
      (await look(changed(ada, commands, computer)))['subordinate-ids'];

    test('lacks nothing with subordinate ids and a place to build in', async () => {
      const findings = await look(ada);
      expect(findings).not.toHaveProperty('user-namespace');
      expect(notOk(findings)).toEqual(['acceleration']);
      expect(findings['box-folder']?.found).toBe('/var/tmp');
    });

    test('needs neither once there is one', async () => {
      const without = changed(ada, {}, { subordinateIds: false, buildPlaces: [] });
      expect(notOk(await look(without, { needBox: false }))).toEqual(['acceleration']);
    });

    test('is given a range that is free', async () => {
      const found = await idsOf({ subordinateIds: false, freeIds: 165_536 });
      expect(found).toMatchObject({ status: 'missing' });
      expect(found?.fix?.commands[0]).toBe(
        'sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 ada',
      );
      expect(found?.fix?.commands[1]).toMatch(/--print-hash\) && mkdir .* sudo bash .*build\.sh/);
    });

    test('whom /etc/passwd does not know gets the range another way', async () => {
      const far = { user: 'CORP\\ada', isLocalUser: false, subordinateIds: false };
      expect((await idsOf(far))?.fix?.commands[0]).toBe(
        "echo 'CORP\\ada:100000:65536' | sudo tee -a /etc/subuid /etc/subgid",
      );
    });

    test('who may not make user namespaces is told by which setting', async () => {
      const refused = {
        'mmdebstrap --unshare-helper true': says('', 1, 'E: unshare() failed: Permission denied'),
      };
      const setting = 'kernel.apparmor_restrict_unprivileged_userns=0';
      const found = await idsOf({ namespaceSettings: [setting] }, refused);
      expect(found).toMatchObject({
        status: 'missing',
        found: 'the build may not become its users: E: unshare() failed: Permission denied',
      });
      expect(found?.fix?.commands[0]).toBe(`sudo sysctl ${setting}`);
      expect((await idsOf({}, refused))?.fix?.commands).toHaveLength(1);
    });

    test('is told when somebody else has taken the place', async () => {
      const buildPlaces = [{ folder: '/var/tmp', wrong: null, isTaken: true }];
      const uid = process.getuid?.();
      expect((await look(changed(ada, {}, { buildPlaces })))['box-folder']).toMatchObject({
        status: 'missing',
        fix: { commands: [`sudo rm -r /var/tmp/halab-build-${uid}`] },
      });
    });

    test('is told of every place that will not do', async () => {
      const buildPlaces = [
        { folder: '/var/tmp', wrong: 'programs may not be run there (noexec)', isTaken: false },
        { folder: '/tmp', wrong: '100 MiB are free, not 4096', isTaken: false },
      ];
      expect((await look(changed(ada, {}, { buildPlaces })))['box-folder']).toMatchObject({
        status: 'missing',
        found: '/var/tmp: programs may not be run there (noexec); /tmp: 100 MiB are free, not 4096',
      });
    });
  });

  test('a user outside the group kvm is told how to join it', async () => {
    const outside = {
      ...changed(complete, {}, { uid: 1000, user: 'ada', kvm: 'forbidden' }),
      kvm: { usable: false, how: 'nothing was run', reason: 'ada may not open /dev/kvm' },
    };
    const { acceleration } = await look(outside, { needBox: false });
    expect(acceleration?.fix?.commands).toEqual(['sudo usermod --append --groups kvm ada']);
  });
});

test('a home that cannot be written is told before anything is tried', async () => {
  const { disk } = await look(changed(complete, {}, { dataWritable: false }));
  expect(disk).toMatchObject({ status: 'missing', found: `you may not write to ${dataDir}` });
  expect(disk?.fix?.explain).toContain('HALAB_HOME');
});

describe('room', () => {
  test.each([
    [{ memoryTotal: 8000, memoryAvailable: 2784 }, 3, 'ok'],
    [{ memoryTotal: 8000, memoryAvailable: 2783 }, 3, 'warning'],
    [{ memoryTotal: 8000, memoryAvailable: 2783 }, 2, 'ok'],
    [{ memoryTotal: 2000, memoryAvailable: 1500 }, 3, 'missing'],
    [{ memoryTotal: 8000, memoryAvailable: null }, 3, 'ok'],
  ] as const)('memory of %j for %i machines: %s', async (memory, machines, status) => {
    const findings = await look(changed(complete, {}, memory), { machines });
    expect(findings.memory?.status).toBe(status);
  });

  test('disk: what the build takes in a place of its own is not asked for here', async () => {
    const disk = async (diskFree: number, needBox: boolean) =>
      (await look(changed(complete, {}, { diskFree }), { needBox })).disk?.status;
    expect(await disk(5000, true)).toBe('ok');
    expect(await disk(4000, true)).toBe('missing');
    expect(await disk(4000, false)).toBe('missing');
  });

  test("a socket's path has 107 bytes", async () => {
    expect((await look(complete, { runDir: `/tmp/${'x'.repeat(26)}` }))['run-folder']?.status).toBe(
      'missing',
    );
    const closed = changed(
      complete,
      {},
      { runParent: { folder: '/tmp/halab-0', writable: false } },
    );
    expect((await look(closed))['run-folder']).toMatchObject({
      status: 'missing',
      found: 'you may not write to /tmp/halab-0',
    });
  });
});

describe('VirtualBox', () => {
  test('is looked for instead of libvirt', async () => {
    const findings = await look(complete, { provider: 'virtualbox' });
    expect(Object.keys(findings)).toEqual([
      'node',
      'vagrant',
      'virtualbox',
      'ssh',
      'memory',
      'disk',
    ]);
    expect(findings.virtualbox?.status).toBe('missing');
  });

  test.each([
    [says('7.0.26r168464'), 'ok'],
    [says('5.2.44r139111'), 'too-old'],
    [says('WARNING: The character device /dev/vboxdrv does not exist.\n7.0.26r168464'), 'missing'],
  ])('%j', async (answer, status) => {
    const findings = await look(changed(complete, { 'VBoxManage --version': answer }), {
      provider: 'virtualbox',
    });
    expect(findings.virtualbox?.status).toBe(status);
  });

  test('is the way on a Mac, where nothing rootless is looked for', async () => {
    const mac = changed(complete, {}, { platform: 'darwin', osRelease: '' });
    const findings = await look(mac);
    expect(Object.keys(findings)).toEqual(['platform']);
    expect(findings.platform?.fix?.commands).toEqual(['halab doctor --provider virtualbox']);
  });
});

test('an old Node is too old', async () => {
  expect((await look(changed(complete, {}, { nodeVersion: '20.9.0' }))).node?.status).toBe(
    'too-old',
  );
});

test.each([
  ['2.3.4', '2.3', true],
  ['2.3', '2.3', true],
  ['2.10', '2.3', true],
  ['2.2.19', '2.3', false],
  ['20.9.0', '20.17', false],
  ['7.0.26r168464', '6.1', true],
])('%s is at least %s: %s', (version, least, fine) => {
  expect(isAtLeast(version, least)).toBe(fine);
});
