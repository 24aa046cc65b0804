import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** In what an operating system runs, and what else runs beside it, as far as a lab feels it. Plain data. */
export interface Surroundings {
  /** The Windows Subsystem for Linux, by its generation. */
  readonly wsl: 1 | 2 | null;
  readonly container: 'docker' | 'podman' | 'lxc' | 'other' | null;
  readonly githubRunner: boolean;
  /** Whether systemd runs this computer (sd_booted(3)). */
  readonly systemd: boolean;
  readonly selinuxEnforcing: boolean;
  /** Where this process stands in systemd's tree: "/user.slice/user-1000.slice/user@1000.service/..."; "" without. */
  readonly cgroup: string;
  /** Whether the user's processes may stay without a login (`loginctl enable-linger`). */
  readonly lingers: boolean;
  /** What process 1 is called; "" where it cannot be seen. */
  readonly init: string;
  /** Whether a machine of VirtualBox's runs. */
  readonly virtualBoxRuns: boolean;
  /** Whether KVM has taken the processor's virtualisation for good, which it does by default from kernel 6.12 on. */
  readonly kvmHoldsProcessor: boolean;
}

/** How to look at a computer; tests have one of their own. */
export interface Looks {
  /** The file's text; "" when it is not there or not readable. */
  readonly read: (file: string) => string;
  readonly exists: (file: string) => boolean;
  /** Names of all processes. */
  readonly processes: () => readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const realLooks: Looks = {
  read,
  exists: existsSync,
  processes: () =>
    existsSync('/proc')
      ? readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .map((pid) => read(`/proc/${pid}/comm`).trim())
      : [],
  env: process.env,
};

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Looks around. `kernelRelease`: as uname(2) tells it. */
export function readSurroundings(
  { user, kernelRelease }: { user: string; kernelRelease: string },
  look: Looks = realLooks,
): Surroundings {
  const unified = /^0::(.*)$/m.exec(look.read('/proc/self/cgroup'))?.[1] ?? '';
  const named = /^\d+:name=systemd:(.*)$/m.exec(look.read('/proc/self/cgroup'))?.[1] ?? '';
  return {
    // Microsoft's kernels: "5.15.153.1-microsoft-standard-WSL2", "4.4.0-19041-Microsoft".
    wsl: /microsoft-standard/.test(kernelRelease) ? 2 : /Microsoft/.test(kernelRelease) ? 1 : null,
    container: containerOf(look),
    githubRunner: look.env.GITHUB_ACTIONS === 'true',
    systemd: look.exists('/run/systemd/system'),
    selinuxEnforcing: look.read('/sys/fs/selinux/enforce').trim() === '1',
    cgroup: unified === '' || unified === '/' ? named : unified,
    lingers: look.exists(`/var/lib/systemd/linger/${user}`),
    init: look.read('/proc/1/comm').trim(),
    virtualBoxRuns: look
      .processes()
      .some((name) => ['VirtualBoxVM', 'VBoxHeadless'].includes(name)),
    kvmHoldsProcessor:
      ['kvm_intel', 'kvm_amd'].some((module) => look.exists(`/sys/module/${module}`)) &&
      look.read('/sys/module/kvm/parameters/enable_virt_at_load').trim() === 'Y',
  };
}

function containerOf(look: Looks): Surroundings['container'] {
  if (look.exists('/run/.containerenv')) return 'podman';
  // The file alone says only that the image was made for Docker: it may run as a virtual machine, which
  // shows a kernel's own processes.
  if (look.exists('/.dockerenv') && look.read('/proc/2/comm').trim() !== 'kthreadd')
    return 'docker';
  // systemd's and LXC's custom: https://systemd.io/CONTAINER_INTERFACE/
  const named =
    look.read('/run/systemd/container').trim() ||
    (/(?:^|\0)container=([^\0]+)/.exec(look.read('/proc/1/environ'))?.[1] ?? '');
  // WSL says "wsl" in the same place.
  if (named === '' || named === 'wsl') return null;
  return named === 'lxc' || named === 'docker' || named === 'podman' ? named : 'other';
}
