import { installFix, listed } from '../fix-of.ts';
import { type Check, program, started } from '../scene.ts';

export const qemu: Check = async ({ run, os }) =>
  program({
    id: 'qemu',
    title: 'QEMU',
    version: /^QEMU emulator version (\d[\w.]*)/m,
    least: null,
    result: await run(['qemu-system-x86_64', '--version']),
    install: installFix(['qemu'], os),
  });

export const qemuImg: Check = async ({ run, os }) =>
  program({
    id: 'qemu-img',
    title: 'qemu-img',
    version: /^qemu-img version (\d[\w.]*)/m,
    least: null,
    result: await run(['qemu-img', '--version']),
    install: installFix(['qemu-img'], os),
  });

/** Whether QEMU was built with the kinds of network that a rootless lab uses. Ubuntu's is built without vde. */
export const network: Check = async ({ run, os }) => {
  const asked = await run(['qemu-system-x86_64', '-netdev', 'help']);
  const has = asked.stdout.split(/\s+/);
  const lacks = ['hubport', 'user', 'vde'].filter((kind) => !has.includes(kind));
  const rest = {
    id: 'qemu-network',
    title: "QEMU's networks",
    needed: 'the network kinds user, hubport and vde',
  };
  if (!started(asked))
    return { ...rest, status: 'missing', found: 'no QEMU', fix: installFix(['qemu'], os) };
  if (lacks.length === 0)
    return { ...rest, status: 'ok', found: 'QEMU has user, hubport and vde', fix: null };
  return {
    ...rest,
    status: 'missing',
    found: `this QEMU was built without ${listed(lacks)}`,
    fix: {
      explain: `The QEMU of ${os.name} cannot connect rootless machines with each other. Run the machines with the system's libvirt or with VirtualBox.`,
      packages: [],
      commands: ['halab doctor --provider libvirt'],
    },
  };
};

export const vdeSwitch: Check = async ({ run, os }) =>
  program({
    id: 'vde-switch',
    title: 'vde_switch',
    version: /^VDE (\d[\w.]*)/m,
    least: null,
    result: await run(['vde_switch', '--version']),
    install: installFix(['vde'], os),
  });
