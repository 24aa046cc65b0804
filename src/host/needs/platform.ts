import type { Finding, Fix } from '../findings.ts';
import type { Os } from '../os.ts';
import { tooOldQemu } from '../packages.ts';
import { type Check, isAtLeast, leastQemu, qemuVersion, type Scene } from '../scene.ts';
import type { Surroundings } from '../surroundings.ts';

/** On which system this is, in what it runs, and whether the rootless lab can be had there at all. */
export const platform: Check = async (scene) => {
  const { options, os, computer } = scene;
  const rest = { id: 'platform', title: 'Operating system' };
  if (computer.platform !== 'linux')
    return {
      ...rest,
      status: 'missing',
      found: os.name,
      needed: `Linux, for machines of the kind "${options.provider}"`,
      fix: {
        explain: 'Use VirtualBox on this computer.',
        packages: [],
        commands: ['halab doctor --provider virtualbox'],
      },
    };
  const found = inWords(os, computer.surroundings);
  const barred =
    options.provider === 'rootless'
      ? ((await bar(scene)) ?? detour(os, computer.surroundings))
      : null;
  return barred === null
    ? { ...rest, status: 'ok', found, needed: 'Linux', fix: null }
    : { ...rest, found, ...barred };
};

/** Where halab was run from end to end. */
const tried = ({ family, version }: Os): boolean =>
  family === 'debian' && (version === 12 || version === 13);

/** "Linux Mint 22, with the packages of Ubuntu 24.04, in a container (docker)". */
function inWords(os: Os, around: Surroundings): string {
  const words = [
    os.name,
    ...(os.base === null ? [] : [`with the packages of ${os.base}`]),
    ...(around.container === null
      ? []
      : [`in a container${around.container === 'other' ? '' : ` (${around.container})`}`]),
    ...(around.wsl === null ? [] : [`in WSL ${around.wsl}`]),
    ...(around.githubRunner ? ["on a runner of GitHub's"] : []),
    ...(around.selinuxEnforcing ? ['SELinux enforcing'] : []),
  ].join(', ');
  if (os.family === 'other')
    return `${words}; halab does not know its packages and was not tried on it`;
  return tried(os) ? words : `${words}; halab was not tried on it`;
}

/** Why a whole system cannot run the rootless lab; null when it can, or when somebody has brought a QEMU that can. */
async function bar({ run, os }: Scene): Promise<Pick<Finding, 'status' | 'needed' | 'fix'> | null> {
  const old = tooOldQemu(os);
  if (old === null && os.family !== 'rhel') return null;
  const has = qemuVersion(await run(['qemu-system-x86_64', '--version']));
  if (has !== null && isAtLeast(has, leastQemu)) return null;
  return old === null
    ? {
        status: 'missing',
        needed: `qemu-system-x86_64 ${leastQemu} or newer, Vagrant, mmdebstrap and apt`,
        fix: enterpriseFix,
      }
    : {
        status: 'too-old',
        needed: `a release whose QEMU is ${leastQemu} or newer`,
        fix: upgradeFix(os, old),
      };
}

/** GitHub's runners are Ubuntu, without Vagrant; a container there can be a system that was tried. */
const detour = (os: Os, around: Surroundings): Pick<Finding, 'status' | 'needed' | 'fix'> | null =>
  !around.githubRunner || around.container !== null || tried(os)
    ? null
    : {
        status: 'warning',
        needed: 'a system that has packages of all that a lab needs',
        fix: {
          explain:
            'Run the job in a privileged container of Debian 13, which has them all. What the job says for that:',
          packages: [],
          commands: ['container: { image: "debian:13", options: "--privileged --init" }'],
        },
      };

const enterpriseFix: Fix = {
  explain:
    'RHEL and what is rebuilt from it have no packages of these; their QEMU is /usr/libexec/qemu-kvm, under another name and for KVM alone. Run the lab in a virtual machine with Debian 13, or its machines in VirtualBox. Neither was tried there.',
  packages: [],
  commands: ['halab doctor --provider virtualbox'],
};

const upgradeFix = (os: Os, old: string): Fix => ({
  explain: `Its QEMU is ${old}. The rootless lab connects its machines by QEMU's network kind "stream", which came with ${leastQemu}. Upgrade to ${os.family === 'ubuntu' ? 'Ubuntu 24.04' : 'Debian 12'} or newer${os.base === null ? '' : ', or to what is made from it'}; or run the machines with the system's libvirt, which was not tried there.`,
  packages: [],
  commands: ['halab doctor --provider libvirt'],
});
