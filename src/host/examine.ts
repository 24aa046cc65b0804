import type { CommandResult, Runner } from '../run.ts';
import { readComputer } from './computer.ts';
import { type Finding, isBlocking } from './findings.ts';
import { findKvm } from './kvm.ts';
import { acceleration } from './needs/acceleration.ts';
import { boxFolder, boxTools, boxUser } from './needs/box.ts';
import { disk, memory, node, runFolder, ssh } from './needs/computer.ts';
import { conflicts } from './needs/conflicts.ts';
import { sessionDaemon, systemDaemon } from './needs/libvirt.ts';
import { logout } from './needs/logout.ts';
import { userNamespace } from './needs/namespace.ts';
import { platform } from './needs/platform.ts';
import { plugin } from './needs/plugin.ts';
import { network, qemu, qemuImg } from './needs/qemu.ts';
import { reaping } from './needs/reaping.ts';
import { rival } from './needs/rival.ts';
import { vagrant, virtualbox } from './needs/vagrant.ts';
import { wsl } from './needs/wsl.ts';
import { readOs } from './os.ts';
import type { Check, ExamineOptions, Scene, Senses } from './scene.ts';

export type { ExamineOptions, Senses } from './scene.ts';

const realSenses: Senses = { computer: readComputer, kvm: findKvm };

/**
 * What this computer has and lacks for a lab, one finding for each need, in the order in which a
 * person would mend them. Everything is looked at at once. Takes about as long as `vagrant --version`
 * and a start of libvirt's session daemon; what is slow is tried once and remembered in `dataDir`: KVM
 * for each boot, Vagrant's plugin for each set of versions.
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
  const asked = new Map<string, Promise<CommandResult>>();
  // Several needs ask the same, a version say: once is enough.
  const ask: Runner = (command, more = {}) => {
    const key = JSON.stringify([command, more.cwd, more.env]);
    const answer =
      asked.get(key) ?? run(command, { timeout: 20_000, ...more, env: { ...env, ...more.env } });
    asked.set(key, answer);
    return answer;
  };
  const scene: Scene = { run: ask, options, computer, os, senses };
  const findings = (await Promise.all(checksFor(scene).map((check) => check(scene)))).filter(
    (finding) => finding !== null,
  );
  // What else a system lacks is of no use to know where the lab cannot be had at all.
  const barred = findings.find(({ id }) => id === 'platform');
  if (barred !== undefined && isBlocking(barred)) return [barred];
  const conflict = await conflicts(scene, findings);
  return withoutConsequences(conflict === null ? findings : [...findings, conflict]);
}

/**
 * The findings without a session daemon that cannot work because of another one: it has no fix of its own, and the one
 * that is named would only make it fail again.
 */
function withoutConsequences(findings: readonly Finding[]): Finding[] {
  const hasCause = findings.some(
    (finding) => ['reaping', 'user-namespace'].includes(finding.id) && isBlocking(finding),
  );
  return findings.filter(
    (finding) =>
      !(
        hasCause &&
        finding.id === 'libvirt' &&
        isBlocking(finding) &&
        finding.fix?.packages.length === 0
      ),
  );
}

function checksFor({ options, computer }: Scene): Check[] {
  const root = computer.uid === 0;
  const needBox = options.needBox === true;
  const last = [ssh, memory, disk, rival];
  if (options.provider === 'virtualbox') return [node, vagrant, virtualbox, ...last];
  if (computer.platform !== 'linux') return [platform];
  const common = [platform, wsl, node, vagrant, plugin, qemu, qemuImg];
  if (options.provider === 'libvirt')
    return [...common, systemDaemon, acceleration, ...last, ...(needBox ? boxChecks(root) : [])];
  return [
    ...common,
    network,
    sessionDaemon,
    reaping,
    ...(root ? [userNamespace] : []),
    runFolder,
    acceleration,
    ...last,
    logout,
    ...(needBox ? boxChecks(root) : []),
  ];
}

const boxChecks = (root: boolean): Check[] => [boxTools, ...(root ? [] : [boxUser]), boxFolder];
