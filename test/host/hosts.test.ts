import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExamineOptions } from '../../src/host/examine.ts';
import { examine } from '../../src/host/examine.ts';
import { type Finding, isBlocking } from '../../src/host/findings.ts';
import { type FixPlan, planFix, planSentence } from '../../src/host/fix.ts';
import { orphanTest } from '../../src/host/needs/reaping.ts';
import { readOs } from '../../src/host/os.ts';
import type { Surroundings } from '../../src/host/surroundings.ts';
import { renderFindings } from '../../src/terminal/report.ts';
import { makeStyle } from '../../src/terminal/style.ts';
import { type Answer, keyOf, type Recording, recordedRunner } from './recording.ts';
import { changed, type HostScene, says, scenes } from './scenes.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-hosts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly findings: readonly Finding[];
  readonly plan: FixPlan;
}

/** What the doctor finds there, and the plan for it. What it remembers goes into a folder of the test's. */
async function look({ recording, options = {} }: HostScene): Promise<Seen> {
  const shown =
    options.dataDir ??
    (recording.computer.uid === 0 ? '/root' : `/home/${recording.computer.user}`);
  const dataDir = options.dataDir === undefined ? folder : join(folder, options.dataDir);
  const found = await examine(
    recordedRunner(recording),
    {
      provider: 'rootless',
      machines: 3,
      runDir: '/tmp/halab-1000/01234567',
      needBox: true,
      ...options,
      dataDir,
    },
    { computer: () => recording.computer, kvm: async () => recording.kvm },
  );
  const usual = options.dataDir ?? `${shown}/.local/share/halab`;
  const findings = JSON.parse(JSON.stringify(found).replaceAll(dataDir, usual)) as Finding[];
  const { platform, osRelease } = recording.computer;
  return { findings, plan: planFix(findings.filter(isBlocking), readOs(platform, osRelease)) };
}

/** What a person reads: the doctor's findings, and what is said and asked with --fix. */
function transcript({ findings, plan }: Seen): string {
  const lines = ['$ halab doctor', renderFindings(findings, makeStyle())];
  if (findings.some(isBlocking)) {
    lines.push('', '$ halab doctor --fix', '...', ...plan.manual.map((text) => `\n${text}`));
    const sentence = planSentence(plan);
    if (sentence !== null) lines.push('', `? ${sentence}`);
  }
  return `${lines.join('\n')}\n`;
}

describe('what the doctor says', () => {
  test.each(Object.keys(scenes))('on %s', async (name) => {
    const scene = scenes[name];
    if (scene === undefined) throw new Error(`no scene ${name}`);
    await expect(transcript(await look(scene))).toMatchFileSnapshot(`golden/${name}.txt`);
  });
});

/** A scene by its name, with other answers, another computer, in other surroundings. */
function scene(
  name: string,
  commands: Readonly<Record<string, Answer>> = {},
  computer: Partial<Recording['computer']> = {},
  surroundings: Partial<Surroundings> = {},
  options: Partial<ExamineOptions> = {},
): HostScene {
  const found = scenes[name];
  if (found === undefined) throw new Error(`no scene ${name}`);
  return {
    recording: changed(found.recording, commands, computer, surroundings),
    options: { ...found.options, ...options },
  };
}

const findingOf = async (of: HostScene, id: string): Promise<Finding | undefined> =>
  (await look(of)).findings.find((finding) => finding.id === id);

test('where all is well it says little', async () => {
  const { findings } = await look(scene('debian-13'));
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(renderFindings(findings, makeStyle()).split('\n').length).toBeLessThanOrEqual(17);
});

test.each(Object.keys(scenes))(
  'on %s, --fix has nothing removed and runs apt alone',
  async (name) => {
    const { plan } = await look(scene(name));
    expect(plan.commands).toHaveLength(plan.packages.length === 0 ? 0 : 2);
    for (const [program, verb, ...words] of plan.commands) {
      expect(program).toBe('apt-get');
      expect(['update', 'install']).toContain(verb);
      if (verb === 'install') expect(words).toContain('--no-remove');
    }
  },
);

describe('a system that cannot run the lab', () => {
  const netdevs = says('Available netdev types:\nsocket\nstream\nuser\ntap\n');

  test.each(['ubuntu-22.04', 'pop-22.04', 'almalinux-10'])('%s', async (name) => {
    const { findings, plan } = await look(scene(name));
    expect(findings.map(({ id }) => id)).toEqual(['platform']);
    expect(findings.every(isBlocking)).toBe(true);
    expect(plan.packages).toEqual([]);
    expect(plan.manual).toHaveLength(1);
  });

  test.each(['ubuntu-22.04', 'almalinux-10'])('%s with a QEMU from elsewhere can', async (name) => {
    const withQemu = scene(name, {
      'qemu-system-x86_64 --version': says('QEMU emulator version 9.2.0'),
      'qemu-system-x86_64 -netdev help': netdevs,
    });
    const { findings } = await look(withQemu);
    expect(findings.find(({ id }) => id === 'platform')?.status).toBe('ok');
    expect(findings.find(({ id }) => id === 'qemu-network')?.status).toBe('ok');
  });

  test('Ubuntu 22.04 with its own QEMU cannot', async () => {
    const own = scene('ubuntu-22.04', {
      'qemu-system-x86_64 --version': says('QEMU emulator version 6.2.0 (Debian 1:6.2)'),
    });
    expect(await findingOf(own, 'platform')).toMatchObject({ status: 'too-old' });
  });

  test("the system's libvirt is another matter", async () => {
    const system = scene('ubuntu-22.04', {}, {}, {}, { provider: 'libvirt' });
    expect(await findingOf(system, 'platform')).toMatchObject({ status: 'ok' });
    expect((await findingOf(system, 'qemu'))?.fix?.packages).toEqual(['qemu-system-x86']);
  });
});

describe('logging out', () => {
  const busctl =
    'busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses';
  const desktop = '/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope';
  const session = '/user.slice/user-1000.slice/session-2.scope';

  test.each([
    [desktop, false, 'b false', ['loginctl enable-linger']],
    [desktop, true, 'b false', undefined],
    [session, false, 'b false', undefined],
    [session, false, 'b true', ['loginctl enable-linger', 'systemd-run --user --scope halab up']],
    ['/system.slice/ci.service', false, 'b true', undefined],
  ])('from %s, lingering %s, KillUserProcesses %s', async (cgroup, lingers, kills, commands) => {
    const of = scene('debian-13', { [busctl]: says(kills) }, {}, { cgroup, lingers });
    const finding = await findingOf(of, 'logout');
    expect(finding?.fix?.commands).toEqual(commands);
    if (finding !== undefined) expect(finding.status).toBe('warning');
  });
});

describe('WSL', () => {
  test.each([
    [{ wsl: 1, systemd: false }, 'missing', ['wsl --set-version NAME 2']],
    [{ wsl: 2, systemd: true }, 'warning', []],
  ] as const)('%j', async (around, status, commands) => {
    const finding = await findingOf(scene('wsl-2', {}, {}, around), 'wsl');
    expect(finding).toMatchObject({ status, fix: { commands } });
  });

  test('with systemd and /dev/kvm nothing is said', async () => {
    const fine = scene('wsl-2', {}, { kvm: 'there' }, { systemd: true });
    expect(await findingOf(fine, 'wsl')).toBeUndefined();
  });
});

describe('processes that nobody reaps', () => {
  const zombie = says('State:\tZ (zombie)\nPPid:\t1');
  test.each([
    ['docker', ['docker run --init ...']],
    ['podman', ['podman run --init ...']],
    [null, []],
  ] as const)('in a container of %s', async (container, commands) => {
    const of = scene('debian-13', { [keyOf(orphanTest)]: zombie }, {}, { container });
    expect(await findingOf(of, 'reaping')).toMatchObject({ status: 'missing', fix: { commands } });
  });

  test('one that still runs is none', async () => {
    const of = scene('debian-13', { [keyOf(orphanTest)]: says('State:\tS (sleeping)\nPPid:\t1') });
    expect(await findingOf(of, 'reaping')).toBeUndefined();
  });
});

describe("root's user namespace is denied", () => {
  test.each([
    ['unshare failed: Operation not permitted', 'docker', 'seccomp=unconfined'],
    ['unshare failed: No space left on device', 'docker', 'sysctl user.max_user_namespaces=10000'],
    ['unshare failed: Operation not permitted', null, 'sysctl user.max_user_namespaces kernel.'],
  ] as const)('%s (container: %s)', async (said, container, command) => {
    const of = scene('debian-12', { true: says('', 1, `unshare: ${said}`) }, {}, { container });
    const finding = await findingOf(of, 'user-namespace');
    expect(finding?.status).toBe('missing');
    expect(finding?.fix?.commands.join()).toContain(command);
  });
});

describe('VirtualBox and KVM', () => {
  test.each([
    ['6.12.48', true, 'warning'],
    ['6.1.0', true, undefined],
    ['6.12.48', false, undefined],
  ])('Linux %s, KVM holding the processor: %s', async (kernelRelease, holds, status) => {
    const of = scene(
      'debian-13',
      {},
      { kernelRelease },
      { kvmHoldsProcessor: holds },
      { provider: 'virtualbox' },
    );
    expect((await findingOf(of, 'kvm-and-virtualbox'))?.status).toBe(status);
  });
});

describe("Vagrant's plugin", () => {
  const load = 'vagrant validate --ignore-provider';

  test('is loaded once for a set of versions, and again while it does not load', async () => {
    const { recording } = scene('debian-13');
    const asked: string[] = [];
    const examineWith = async (answer: Answer | undefined, versions?: Answer) => {
      const commands = {
        ...(answer === undefined ? {} : { [load]: answer }),
        ...(versions === undefined ? {} : { [packagesKey]: versions }),
      };
      const run = recordedRunner(changed(recording, commands));
      const findings = await examine(
        async (command, options) => {
          if (keyOf(command) === load) asked.push(load);
          return run(command, options);
        },
        { provider: 'rootless', machines: 3, runDir: '/tmp/halab-1/01234567', dataDir: folder },
        { computer: () => recording.computer, kvm: async () => recording.kvm },
      );
      return findings.find(({ id }) => id === 'provider-plugin');
    };
    const packagesKey =
      Object.keys(recording.commands).find((command) => command.startsWith('dpkg-query')) ?? '';
    const broken = says('', 1, 'Message: LoadError: cannot load such file -- fog/libvirt');

    expect(await examineWith(broken)).toMatchObject({
      status: 'missing',
      found:
        'vagrant-libvirt 0.12.2-4 is there and does not load: LoadError: cannot load such file -- fog/libvirt',
    });
    expect(await examineWith(undefined)).toMatchObject({ status: 'ok' });
    expect(asked).toHaveLength(2);
    // Now it is known, and not tried again...
    expect(await examineWith(broken)).toMatchObject({ status: 'ok' });
    expect(asked).toHaveLength(2);
    // ... until a version changes.
    const upgraded = says(
      `${recording.commands[packagesKey]?.stdout.replace(/libvirt0 installed .*/, 'libvirt0 installed 12.0.0-1')}`,
    );
    expect(await examineWith(broken, upgraded)).toMatchObject({ status: 'missing' });
    expect(asked).toHaveLength(3);
  });
});
