import { asSessionUser } from '../../lab/providers/libvirt.ts';
import { installFix } from '../fix-of.ts';
import { type Check, firstLine, isAtLeast, started } from '../scene.ts';

export const node: Check = ({ computer }) => {
  const fine = isAtLeast(computer.nodeVersion, '20.17');
  return {
    id: 'node',
    title: 'Node.js',
    status: fine ? 'ok' : 'too-old',
    found: `Node.js ${computer.nodeVersion}`,
    needed: 'Node.js 20.17 or newer',
    fix: fine
      ? null
      : {
          explain: 'Install a newer Node.js: https://nodejs.org/en/download',
          packages: [],
          commands: [],
        },
  };
};

export const platform: Check = ({ options, os }) => ({
  id: 'platform',
  title: 'Operating system',
  status: 'missing',
  found: os.name,
  needed: `Linux, for machines of the kind "${options.provider}"`,
  fix: {
    explain: 'Use VirtualBox on this computer.',
    packages: [],
    commands: ['halab doctor --provider virtualbox'],
  },
});

/** libvirt takes root for the system's administrator, so root's lab needs a user namespace to be an ordinary user in. */
export const userNamespace: Check = async ({ run }) => {
  const made = await run(asSessionUser(['true']));
  const fine = made.exitCode === 0;
  return {
    id: 'user-namespace',
    title: 'User namespace',
    status: fine ? 'ok' : 'missing',
    needed: 'a user namespace, since you are root',
    found: fine ? 'root may make user namespaces' : `no user namespace: ${firstLine(made)}`,
    fix: fine
      ? null
      : {
          explain: 'Run halab as an ordinary user, who needs none, or allow user namespaces.',
          packages: [],
          commands: [
            'sysctl user.max_user_namespaces kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns',
          ],
        },
  };
};

/** What libvirt adds to the run folder for its longest socket, in bytes; a socket's path may have 107 (unix(7)). */
const longestSocket =
  '/c/libvirt/qemu/channel/target/domain-99-halab_storage/org.qemu.guest_agent.0'.length;

export const runFolder: Check = ({ options, computer }) => {
  const { folder, writable } = computer.runParent;
  const room = 107 - longestSocket;
  const short = Buffer.byteLength(options.runDir) <= room;
  return {
    id: 'run-folder',
    title: 'Folder for sockets',
    status: short && writable ? 'ok' : 'missing',
    needed: `a folder that you may write to, its name at most ${room} bytes long`,
    found: !short
      ? `${options.runDir} is ${Buffer.byteLength(options.runDir)} bytes long`
      : writable
        ? options.runDir
        : `you may not write to ${folder}`,
    fix:
      short && !writable
        ? {
            explain: `Make ${folder} yours, or have it removed.`,
            packages: [],
            commands: [`sudo rm -r ${folder}`],
          }
        : null,
  };
};

export const ssh: Check = async ({ run, os }) => {
  const [client, keygen] = await Promise.all([run(['ssh', '-V']), run(['ssh-keygen', '-?'])]);
  const lacks = [...(started(client) ? [] : ['ssh']), ...(started(keygen) ? [] : ['ssh-keygen'])];
  return {
    id: 'ssh',
    title: 'OpenSSH client',
    status: lacks.length === 0 ? 'ok' : 'missing',
    needed: 'ssh and ssh-keygen',
    found:
      lacks.length === 0 ? (firstLine(client).split(',')[0] ?? '') : `no ${lacks.join(' and no ')}`,
    fix: lacks.length === 0 ? null : installFix(['ssh'], os),
  };
};

/** MiB that QEMU takes for a machine besides the machine's own memory. */
const overhead = 160;

export const memory: Check = ({ options, computer }) => {
  const need = options.machines * ((options.memory ?? 768) + overhead);
  const available = computer.memoryAvailable ?? computer.memoryTotal;
  const rest = {
    id: 'memory',
    title: 'Memory',
    needed: `${need} MiB for ${options.machines} machines`,
    found:
      computer.memoryAvailable === null
        ? `${computer.memoryTotal} MiB in all`
        : `${available} of ${computer.memoryTotal} MiB are available`,
  };
  if (available >= need) return { ...rest, status: 'ok', fix: null };
  const explain =
    options.machines === 3
      ? 'Make a lab of two machines, or close other programs.'
      : 'Close other programs.';
  return {
    ...rest,
    status: computer.memoryTotal >= need ? 'warning' : 'missing',
    fix: { explain, packages: [], commands: [] },
  };
};

/** MiB on disk: the box three times (packed, in Vagrant, in libvirt) and what the machines write; and the room to build the box in. */
const diskFor = { lab: 4096, build: 4096 } as const;

export const disk: Check = ({ options, computer }) => {
  const need =
    diskFor.lab +
    (options.needBox === true && options.provider !== 'virtualbox' ? diskFor.build : 0);
  const rest = { id: 'disk', title: 'Disk', needed: `${need} MiB` };
  if (!computer.dataWritable) {
    return {
      ...rest,
      status: 'missing',
      found: `you may not write to ${options.dataDir}`,
      fix: {
        explain:
          'Let halab keep its data elsewhere: set HALAB_HOME to a folder of yours. Or mend this one, which is read-only or somebody else’s.',
        packages: [],
        commands: [],
      },
    };
  }
  const fine = computer.diskFree >= need;
  return {
    ...rest,
    status: fine ? 'ok' : 'missing',
    found: `${computer.diskFree} MiB are free for ${options.dataDir}`,
    fix: fine
      ? null
      : {
          explain:
            'Make room, or let halab keep its data elsewhere: set HALAB_HOME to a folder with room.',
          packages: [],
          commands: [],
        },
  };
};
