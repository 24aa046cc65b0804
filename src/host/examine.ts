import type { Runner } from '../run.ts';
import { readComputer } from './computer.ts';
import type { Finding } from './findings.ts';
import { findKvm } from './kvm.ts';
import { acceleration } from './needs/acceleration.ts';
import { boxFolder, boxTools, boxUser } from './needs/box.ts';
import { disk, memory, node, platform, runFolder, ssh, userNamespace } from './needs/computer.ts';
import { sessionDaemon, systemDaemon } from './needs/libvirt.ts';
import { network, qemu, qemuImg, vdeSwitch } from './needs/qemu.ts';
import { plugin, vagrant, virtualbox } from './needs/vagrant.ts';
import { readOs } from './os.ts';
import type { Check, ExamineOptions, Scene, Senses } from './scene.ts';

export type { ExamineOptions, Senses } from './scene.ts';

const realSenses: Senses = { computer: readComputer, kvm: findKvm };

/**
 * What this computer has and lacks for a lab, one finding for each need, in the order in which a
 * person would mend them. Everything is looked at at once. Takes about as long as `vagrant --version`
 * and a start of libvirt's session daemon; KVM is tried once a boot and remembered in `dataDir`.
 */
export async function examine(
  run: Runner,
  options: ExamineOptions,
  senses: Senses = realSenses,
): Promise<Finding[]> {
  const computer = senses.computer(options);
  const os = readOs(computer.platform, computer.osRelease);
  // Ordinary users of Debian have no sbin in their path, where libvirtd and mke2fs live.
  const path = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
  const env = computer.platform === 'win32' ? {} : { PATH: path };
  const ask: Runner = (command, more = {}) =>
    run(command, { timeout: 20_000, ...more, env: { ...env, ...more.env } });
  const scene: Scene = { run: ask, options, computer, os, senses };
  return Promise.all(checksFor(scene).map((check) => check(scene)));
}

function checksFor({ options, computer }: Scene): Check[] {
  const root = computer.uid === 0;
  const needBox = options.needBox === true;
  if (options.provider === 'virtualbox') return [node, vagrant, virtualbox, ssh, memory, disk];
  if (computer.platform !== 'linux') return [node, platform];
  const common = [node, vagrant, plugin, qemu, qemuImg];
  const last = [acceleration, ssh, memory, disk];
  if (options.provider === 'libvirt')
    return [...common, systemDaemon, ...last, ...(needBox ? boxChecks(root) : [])];
  return [
    ...common,
    network,
    sessionDaemon,
    vdeSwitch,
    ...(root ? [userNamespace] : []),
    runFolder,
    ...last,
    ...(needBox ? boxChecks(root) : []),
  ];
}

const boxChecks = (root: boolean): Check[] => [boxTools, ...(root ? [] : [boxUser]), boxFolder];
