import { installFix, listed } from '../fix-of.ts';
import { tooOldQemu } from '../packages.ts';
import { type Check, isAtLeast, leastQemu, program, qemuSays, qemuVersion } from '../scene.ts';

export const qemu: Check = async ({ run, os, options }) => {
  const rootless = options.provider === 'rootless';
  // Where the whole release is too old, its package would not help: the finding "platform" says so.
  const useless = rootless && tooOldQemu(os) !== null;
  return program({
    id: 'qemu',
    title: 'QEMU',
    version: qemuSays,
    least: rootless ? leastQemu : null,
    result: await run(['qemu-system-x86_64', '--version']),
    install: useless
      ? { explain: `What ${os.name} packages is too old.`, packages: [], commands: [] }
      : installFix(['qemu'], os),
    upgrade: {
      explain: useless
        ? `What ${os.name} packages is no newer.`
        : `Upgrade QEMU to ${leastQemu} or newer, or run the machines with the system's libvirt.`,
      packages: [],
      commands: ['halab doctor --provider libvirt'],
    },
  });
};

export const qemuImg: Check = async ({ run, os }) =>
  program({
    id: 'qemu-img',
    title: 'qemu-img',
    version: /^qemu-img version (\d[\w.]*)/m,
    least: null,
    result: await run(['qemu-img', '--version']),
    install: installFix(['qemu-img'], os),
  });

/** The kinds of network that a rootless lab uses: user for ssh, stream for the cluster's network. */
const kinds = ['stream', 'user'] as const;

/** Whether QEMU was built with them. Says nothing where QEMU itself is missing or too old. */
export const network: Check = async ({ run, os }) => {
  const [version, asked] = await Promise.all([
    run(['qemu-system-x86_64', '--version']),
    run(['qemu-system-x86_64', '-netdev', 'help']),
  ]);
  const has = qemuVersion(version);
  if (has === null || !isAtLeast(has, leastQemu)) return null;
  const built = asked.stdout.split(/\s+/);
  const lacks = kinds.filter((kind) => !built.includes(kind));
  const rest = {
    id: 'qemu-network',
    title: "QEMU's networks",
    needed: `the network kinds ${listed(kinds)}`,
  };
  if (lacks.length === 0)
    return { ...rest, status: 'ok', found: `QEMU has ${listed(kinds)}`, fix: null };
  return {
    ...rest,
    status: 'missing',
    found: `this QEMU was built without ${listed(lacks)}`,
    fix: {
      explain: `The QEMU of ${os.name} cannot run rootless machines. Run them with the system's libvirt or with VirtualBox.`,
      packages: [],
      commands: ['halab doctor --provider libvirt'],
    },
  };
};
