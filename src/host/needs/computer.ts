import { installFix } from '../fix-of.ts';
import type { Os } from '../os.ts';
import { type Check, firstLine, isAtLeast, started } from '../scene.ts';

export const node: Check = ({ computer, os }) => {
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
          explain: hasNode(os)
            ? `The package nodejs of ${os.base ?? os.name} is new enough; or: https://nodejs.org/en/download`
            : `What ${os.name} packages is too old: https://nodejs.org/en/download`,
          packages: [],
          commands: [],
        },
  };
};

/** Whether the distribution packages a Node.js of 20.17 or newer under the name nodejs. */
const hasNode = ({ family, version }: Os): boolean =>
  (family === 'debian' && (version === null || version >= 13)) ||
  (family === 'ubuntu' && version !== null && version >= 25.04) ||
  family === 'fedora' ||
  family === 'arch';

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

/**
 * MiB on disk: the box three times (packed, in Vagrant, in libvirt) and what the machines write. The build takes as much
 * in a place of its own, before there is any of this (needs/box.ts).
 */
const diskNeeded = 4096;

export const disk: Check = ({ options, computer }) => {
  const rest = { id: 'disk', title: 'Disk', needed: `${diskNeeded} MiB` };
  if (!computer.dataWritable) {
    return {
      ...rest,
      status: 'missing',
      found: `you may not write to ${options.dataDir}`,
      fix: {
        explain:
          'Let halab keep its data elsewhere: set HALAB_HOME to a folder of yours. Or mend this one, which is read-only or owned by another user.',
        packages: [],
        commands: [],
      },
    };
  }
  const fine = computer.diskFree >= diskNeeded;
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
