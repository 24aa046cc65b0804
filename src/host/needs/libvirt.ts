import { asSessionUser } from '../../lab/providers/libvirt.ts';
import { installFix } from '../fix-of.ts';
import { type Check, firstLine, started } from '../scene.ts';
import { askSessionDaemon } from '../session.ts';

export const sessionDaemon: Check = async ({ run, os, options }) => {
  const [asked, libvirtd, virtqemud] = await Promise.all([
    askSessionDaemon(run, options.dataDir),
    run(['libvirtd', '--version']),
    run(['virtqemud', '--version']),
  ]);
  const rest = {
    id: 'libvirt',
    title: "libvirt's session daemon",
    needed: 'virsh, and a session daemon that answers',
  };
  const install = installFix(['libvirt-session'], os);
  const trouble =
    /^error: (?!failed to connect to the hypervisor)(.*)/m.exec(asked.stderr)?.[1] ?? '';
  const version = /^Using library: libvirt (\S+)/m.exec(asked.stdout)?.[1];
  // unshare(1) speaks for virsh when it runs it.
  if (!started(asked) || /failed to execute virsh/.test(asked.stderr)) {
    return { ...rest, status: 'missing', found: 'no virsh', fix: install };
  }
  if (!started(libvirtd) && !started(virtqemud))
    return { ...rest, status: 'missing', found: 'no libvirt daemon', fix: install };
  const driver = /^error: (.*connection driver.*)/m.exec(asked.stderr)?.[1];
  if (driver !== undefined)
    return { ...rest, status: 'missing', found: `libvirt lacks a driver: ${driver}`, fix: install };
  if (asked.exitCode === 0 && trouble === '' && version !== undefined) {
    return {
      ...rest,
      status: 'ok',
      found: `libvirt ${version}, its session daemon answers`,
      fix: null,
    };
  }
  return {
    ...rest,
    status: 'missing',
    found: asked.timedOut
      ? 'the session daemon does not answer'
      : `the session daemon does not work: ${trouble || firstLine(asked)}`,
    fix: {
      explain: 'See what the daemon says when it starts.',
      packages: [],
      commands: [asSessionUser(['libvirtd', '--verbose']).join(' ')],
    },
  };
};

export const systemDaemon: Check = async ({ run, os, computer }) => {
  const [asked, libvirtd, virtqemud] = await Promise.all([
    run(['virsh', '--quiet', '--connect', 'qemu:///system', 'version']),
    run(['libvirtd', '--version']),
    run(['virtqemud', '--version']),
  ]);
  const rest = {
    id: 'libvirt',
    title: "libvirt's system daemon",
    needed: 'virsh, and the system daemon answering you',
  };
  const version = /^Using library: libvirt (\S+)/m.exec(asked.stdout)?.[1];
  if (asked.exitCode === 0 && version !== undefined)
    return {
      ...rest,
      status: 'ok',
      found: `libvirt ${version}, its system daemon answers`,
      fix: null,
    };
  if (!started(asked))
    return {
      ...rest,
      status: 'missing',
      found: 'no virsh',
      fix: installFix(['libvirt-system'], os),
    };
  if (!started(libvirtd) && !started(virtqemud)) {
    return {
      ...rest,
      status: 'missing',
      found: 'no libvirt daemon',
      fix: installFix(['libvirt-system'], os),
    };
  }
  const trouble =
    /^error: (?!failed to connect to the hypervisor)(.*)/m.exec(asked.stderr)?.[1] ??
    firstLine(asked);
  const forbidden = /[Pp]ermission denied|authentication/.test(trouble);
  return {
    ...rest,
    status: 'missing',
    found: `the system daemon does not answer: ${trouble}`,
    fix: forbidden
      ? {
          explain: 'Join the group that may use it, then log in again.',
          packages: [],
          commands: [`sudo usermod --append --groups libvirt ${computer.user}`],
        }
      : {
          explain: 'Start the daemon.',
          packages: [],
          commands: [`sudo systemctl start ${started(libvirtd) ? 'libvirtd' : 'virtqemud'}`],
        },
  };
};
