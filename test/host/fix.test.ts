import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { HalabError } from '../../src/errors.ts';
import type { WorkEvent } from '../../src/events.ts';
import { examine } from '../../src/host/examine.ts';
import type { Finding } from '../../src/host/findings.ts';
import {
  applyFix,
  aptListsAreStale,
  aptProgress,
  type FixPlan,
  planFix,
  planSentence,
} from '../../src/host/fix.ts';
import { type Os, readOs } from '../../src/host/os.ts';
import { type StreamRunner, streamLocally } from '../../src/host/stream.ts';
import { type Answer, readRecording, recordedFolder, recordedRunner } from './recording.ts';
import { changed, releases, says } from './scenes.ts';

const releaseOf = {
  bookworm: readRecording('debian-12-bare').computer.osRelease,
  trixie: readRecording('debian-13-complete').computer.osRelease,
  noble: releases.noble,
  mint: releases.mint,
  fedora: releases.fedora,
  arch: releases.arch,
  nixos: releases.nixos,
  mac: '',
} as const;
type System = keyof typeof releaseOf;
const platformOf = (system: System): string => (system === 'mac' ? 'darwin' : 'linux');
const osOf = (system: System): Os => readOs(platformOf(system), releaseOf[system]);

/** The findings on a bare machine of that system: a bare Debian's recording under another name. */
async function bareFindings(
  system: System,
  provider: 'rootless' | 'virtualbox' = 'rootless',
  answers: Readonly<Record<string, Answer>> = {},
): Promise<Finding[]> {
  const bare = readRecording('debian-12-bare');
  const recording = changed(bare, answers, {
    platform: platformOf(system),
    osRelease: releaseOf[system],
  });
  const dataDir = mkdtempSync(join(tmpdir(), 'halab-fix-'));
  try {
    return await examine(
      recordedRunner(recording),
      { provider, dataDir, machines: 3, runDir: '/tmp/halab-0/01234567', needBox: true },
      { computer: () => recording.computer, kvm: async () => recording.kvm },
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const planFor = async (
  system: System,
  provider: 'rootless' | 'virtualbox' = 'rootless',
  answers: Readonly<Record<string, Answer>> = {},
): Promise<FixPlan> => planFix(await bareFindings(system, provider, answers), osOf(system));

describe('the plan', () => {
  test('on Debian 12: the smallest set that was proven, without the system daemon', async () => {
    const plan = await planFor('bookworm');
    expect(plan.packages).toEqual([
      'e2fsprogs',
      'libvirt-clients',
      'libvirt-daemon',
      'libvirt-daemon-driver-qemu',
      'mmdebstrap',
      'openssh-client',
      'qemu-system-x86',
      'qemu-utils',
      'vagrant',
      'vagrant-libvirt',
    ]);
    expect(plan.commands.map(([program, verb]) => `${program} ${verb}`)).toEqual([
      'apt-get update',
      'apt-get install',
    ]);
    expect(plan.commands[1]).toContain('--no-install-recommends');
    expect(plan.commands[1]).toContain('--no-remove');
    expect(plan.commands[1]?.slice(-plan.packages.length)).toEqual(plan.packages);
    expect(plan.manual).toEqual([]);
    expect(planSentence(plan)).toBe(
      'Install these 10 packages and what they depend on with apt, as root: e2fsprogs, libvirt-clients, libvirt-daemon, libvirt-daemon-driver-qemu, mmdebstrap, openssh-client, qemu-system-x86, qemu-utils, vagrant and vagrant-libvirt. No virtual network is set up on this computer.',
    );
  });

  test('on Debian 13: the drivers that became packages too', async () => {
    const { packages } = await planFor('trixie');
    expect(packages).toEqual(
      expect.arrayContaining(['libvirt-daemon-driver-network', 'libvirt-daemon-driver-storage']),
    );
    expect(packages).not.toContain('libvirt-daemon-system');
  });

  test('on Ubuntu: packages, but Vagrant and its plugin by hand', async () => {
    const plan = await planFor('noble');
    expect(plan.packages).toContain('libvirt-daemon');
    expect(plan.packages).not.toContain('vagrant');
    expect(plan.packages).not.toContain('libvirt-daemon-driver-storage');
    expect(plan.manual).toHaveLength(2);
    expect(plan.manual[0]).toContain("HashiCorp's own repository");
    expect(plan.manual[1]).toContain('vagrant plugin install vagrant-libvirt');
  });

  test('on Linux Mint: as on the Ubuntu that it is made from, whose code name it does not have', async () => {
    const plan = await planFor('mint');
    const ubuntu = await planFor('noble');
    expect(plan.packages).toEqual(ubuntu.packages);
    expect(plan.manual[0]).toEqual(ubuntu.manual[0]);
    expect(plan.manual.join()).not.toContain('wilma');
  });

  test('on Arch: its packages by one command; the plugin and mmdebstrap otherwise', async () => {
    const plan = await planFor('arch');
    expect(plan).toMatchObject({ packages: [], commands: [] });
    expect(plan.manual[0]).toMatch(/sudo pacman -S --needed .*libvirt.*qemu-system-x86.*vagrant$/);
    expect(plan.manual.join()).toContain('vagrant plugin install vagrant-libvirt');
    expect(plan.manual.join()).toContain('mmdebstrap is in the AUR');
  });

  describe('where apt would have to remove packages', () => {
    const removes = (names: readonly string[]): Readonly<Record<string, Answer>> => ({
      'apt-get --simulate': says(names.map((name) => `Remv ${name} [7.2.0-dfsg-1]`).join('\n')),
    });

    test('nothing is installed, and it says what stands in the way', async () => {
      const findings = await bareFindings('trixie', 'rootless', removes(['virtualbox-7.1']));
      expect(findings.at(-1)).toMatchObject({
        id: 'package-conflict',
        status: 'missing',
        found: 'to install what is missing, apt would have to remove virtualbox-7.1',
      });
      const plan = planFix(findings, osOf('trixie'));
      expect(plan).toMatchObject({ packages: [], commands: [] });
      expect(planSentence(plan)).toBeNull();
      expect(plan.manual).toHaveLength(1);
      expect(plan.manual[0]).toContain('halab doctor --provider virtualbox');
    });

    test("the way with VirtualBox leads to HashiCorp's Vagrant, which goes with it", async () => {
      const plan = await planFor('trixie', 'virtualbox', removes(['virtualbox']));
      expect(plan.packages).toEqual([]);
      expect(plan.manual.join()).toContain('https://apt.releases.hashicorp.com bookworm main');
      expect(plan.manual.join()).not.toContain('apt-get remove');
    });

    test('other packages are left to whoever installed them', async () => {
      const plan = await planFor('bookworm', 'rootless', removes(['a-tool', 'its-library']));
      expect(plan.packages).toEqual([]);
      expect(plan.manual[0]).toContain('sudo apt-get remove a-tool its-library');
    });

    test('packages that apt does not know yet are no conflict', async () => {
      const plan = await planFor('bookworm', 'rootless', {
        'apt-get --simulate': says('', 100, 'E: Unable to locate package vagrant'),
      });
      expect(plan.packages).toContain('vagrant');
    });
  });

  test('on Fedora: one command to type, nothing done', async () => {
    const plan = await planFor('fedora');
    expect(plan).toMatchObject({ packages: [], commands: [] });
    expect(plan.manual).toHaveLength(1);
    expect(plan.manual[0]).toMatch(
      /^Install the packages:\n {4}sudo dnf install .*\bvagrant-libvirt\b/,
    );
    expect(planSentence(plan)).toBeNull();
  });

  test('on a Mac: brew, for VirtualBox; nothing for a rootless lab but the other provider', async () => {
    const plan = await planFor('mac', 'virtualbox');
    expect(plan).toMatchObject({ packages: [], commands: [] });
    expect(plan.manual.join('\n')).toMatch(
      /brew install hashicorp\/tap\/hashicorp-vagrant[\s\S]*brew install --cask virtualbox/,
    );
    expect((await planFor('mac')).manual).toEqual([
      'Operating system: Use VirtualBox on this computer.\n    halab doctor --provider virtualbox',
    ]);
  });

  test('on a system that halab does not know: says so', async () => {
    const plan = await planFor('nixos');
    expect(plan).toMatchObject({ packages: [], commands: [] });
    expect(plan.manual[0]).toContain(
      'halab does not know the packages of NixOS 25.05 (Warbler): look for Vagrant',
    );
  });

  test('with nothing to mend is empty', () => {
    const fine: Finding = {
      id: 'ssh',
      title: 'ssh',
      status: 'ok',
      found: 'ssh',
      needed: 'ssh',
      fix: null,
    };
    expect(planFix([fine], osOf('bookworm'))).toEqual({ packages: [], commands: [], manual: [] });
  });
});

describe('carrying it out', () => {
  const os: Os = osOf('bookworm');
  const lacking: Finding = {
    id: 'mmdebstrap',
    title: 'mmdebstrap',
    status: 'missing',
    found: 'no mmdebstrap',
    needed: 'mmdebstrap',
    fix: { explain: 'Install mmdebstrap.', packages: ['mmdebstrap'], commands: [] },
  };
  const mended: Finding = { ...lacking, status: 'ok', found: 'mmdebstrap 1.3.5', fix: null };
  const plan = planFix([lacking], os);
  const aptSaid = readFileSync(join(recordedFolder, 'apt-install.txt'), 'utf8').split('\n');

  /** A stream in which `fails` tells the exit code of a command; apt-get install says what a real one said. */
  function scripted(fails: (line: string) => number | null = () => 0): {
    stream: StreamRunner;
    typed: string[];
  } {
    const typed: string[] = [];
    const stream: StreamRunner = async (command, options) => {
      const line = command.join(' ');
      typed.push(line);
      if (line.includes('apt-get install')) for (const said of aptSaid) options?.onLine?.(said);
      return {
        command,
        exitCode: fails(line),
        stdout: '',
        stderr: 'E: something',
        timedOut: false,
        milliseconds: 1000,
      };
    };
    return { stream, typed };
  }
  const options = { uid: 0, terminal: false, examine: async () => [mended], listsAreStale: true };

  test('as root: update, install, look again', async () => {
    const { stream, typed } = scripted();
    const events: WorkEvent[] = [];
    expect(await applyFix(stream, plan, (event) => events.push(event), options)).toEqual([mended]);
    expect(typed).toHaveLength(2);
    expect(typed[0]).toMatch(/^env DEBIAN_FRONTEND=noninteractive .* apt-get update/);
    expect(typed[1]).toMatch(
      /^env DEBIAN_FRONTEND=noninteractive .* apt-get install --yes .* mmdebstrap$/,
    );
    expect(events.filter(({ type }) => type === 'step-done')).toHaveLength(3);
    const fractions = events.flatMap((event) =>
      event.type === 'step-progress' && event.fraction !== undefined ? [event.fraction] : [],
    );
    expect(fractions.length).toBeGreaterThan(40);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  test('fresh lists are not fetched again; a mirror that does not answer does not stop it', async () => {
    const fresh = scripted();
    await applyFix(fresh.stream, plan, () => {}, { ...options, listsAreStale: false });
    expect(fresh.typed).toHaveLength(1);
    const broken = scripted((line) => (line.includes('apt-get update') ? 100 : 0));
    expect(await applyFix(broken.stream, plan, () => {}, options)).toEqual([mended]);
  });

  test('apt that fails is an error with its words and the command to type', async () => {
    const { stream } = scripted((line) => (line.includes('apt-get install') ? 100 : 0));
    const error = await applyFix(stream, plan, () => {}, options).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(HalabError);
    expect((error as HalabError).reason).toContain('E: something');
    expect((error as HalabError).next).toContain(
      'apt-get install --no-install-recommends --no-remove mmdebstrap',
    );
  });

  test.each(['apt-get update', 'apt-get install'])(
    'asked to end while %s runs, it begins nothing more and ends with 130',
    async (during) => {
      const controller = new AbortController();
      const { stream, typed } = scripted((line) => {
        if (!line.includes(during)) return 0;
        controller.abort();
        // A program that is ended so has failed.
        return 100;
      });
      const examine = vi.fn();
      await expect(
        applyFix(stream, plan, () => {}, { ...options, examine, signal: controller.signal }),
      ).rejects.toMatchObject({ exitCode: 130, next: 'Carry on: halab doctor --fix' });
      expect(typed.at(-1)).toContain(during);
      expect(examine).not.toHaveBeenCalled();
    },
  );

  test('an ordinary user: sudo without a password', async () => {
    const { stream, typed } = scripted();
    await applyFix(stream, plan, () => {}, { ...options, uid: 1000 });
    expect(typed[0]).toBe('sudo -n true');
    expect(typed[1]).toMatch(/^sudo -n env .* apt-get update/);
  });

  test('an ordinary user: sudo asks on a terminal, and is refused without one', async () => {
    const asking = scripted((line) => (line === 'sudo -n true' ? 1 : 0));
    await applyFix(asking.stream, plan, () => {}, { ...options, uid: 1000, terminal: true });
    expect(asking.typed.slice(0, 2)).toEqual(['sudo -n true', 'sudo -v']);
    const silent = scripted((line) => (line === 'sudo -n true' ? 1 : 0));
    await expect(
      applyFix(silent.stream, plan, () => {}, { ...options, uid: 1000 }),
    ).rejects.toThrow('no terminal');
    expect(silent.typed).toEqual(['sudo -n true']);
    const wrong = scripted(() => 1);
    await expect(
      applyFix(wrong.stream, plan, () => {}, { ...options, uid: 1000, terminal: true }),
    ).rejects.toThrow('did not let you');
    const none = scripted(() => null);
    await expect(applyFix(none.stream, plan, () => {}, { ...options, uid: 1000 })).rejects.toThrow(
      'there is no sudo',
    );
  });

  test('what is still lacking afterwards is told', async () => {
    const events: WorkEvent[] = [];
    await applyFix(scripted().stream, plan, (event) => events.push(event), {
      ...options,
      examine: async () => [lacking],
    });
    expect(events.at(-1)).toEqual({
      type: 'step-failed',
      step: 'verify',
      text: 'still lacking: mmdebstrap',
    });
  });

  test('a plan without packages runs nothing', async () => {
    const { stream, typed } = scripted();
    await applyFix(stream, planFix([mended], os), () => {}, options);
    expect(typed).toEqual([]);
  });
});

test("apt's output is read for its progress", () => {
  const progress = aptProgress();
  const seen = readFileSync(join(recordedFolder, 'apt-install.txt'), 'utf8')
    .split('\n')
    .map(progress)
    .filter((step) => step !== null);
  // The lists come first, before apt has said how many packages there are.
  expect(seen[0]).toEqual({ text: 'fetching Packages' });
  expect(seen.map(({ text }) => text)).toEqual(
    expect.arrayContaining(['fetching vde2', 'unpacking vde2', 'setting up vde2']),
  );
  expect(seen.at(-1)?.fraction).toBe(1);
});

test("apt's lists are stale when they are missing or older than a day", () => {
  const folder = mkdtempSync(join(tmpdir(), 'halab-lists-'));
  try {
    expect(aptListsAreStale(join(folder, 'none'))).toBe(true);
    expect(aptListsAreStale(folder)).toBe(true);
    mkdirSync(join(folder, 'partial'));
    writeFileSync(
      join(folder, 'deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4'),
      '',
    );
    expect(aptListsAreStale(folder)).toBe(false);
    const old = Date.now() / 1000 - 2 * 24 * 60 * 60;
    utimesSync(join(folder, 'partial'), old, old);
    expect(aptListsAreStale(folder)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('streaming hands on both streams line by line, and the exit code', async () => {
  const lines: string[] = [];
  const result = await streamLocally(['sh', '-c', 'echo one; echo two >&2; exit 3'], {
    onLine: (line) => lines.push(line),
  });
  expect(lines.sort()).toEqual(['one', 'two']);
  expect(result).toMatchObject({ exitCode: 3 });
  expect(await streamLocally(['halab-has-no-such-program'])).toMatchObject({
    exitCode: null,
    stderr: 'halab-has-no-such-program: no such program',
  });
});
