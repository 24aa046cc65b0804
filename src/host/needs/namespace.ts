import { asSessionUser } from '../../lab/providers/libvirt.ts';
import type { Fix } from '../findings.ts';
import { containerStart } from '../fix-of.ts';
import { type Check, firstLine, type Scene } from '../scene.ts';

/** libvirt takes root for the system's administrator, so root's lab needs a user namespace to be an ordinary user in. */
export const userNamespace: Check = async (scene) => {
  const made = await scene.run(asSessionUser(['true']));
  const fine = made.exitCode === 0;
  return {
    id: 'user-namespace',
    title: 'User namespace',
    status: fine ? 'ok' : 'missing',
    needed: 'a user namespace, since you are root',
    found: fine ? 'root may make user namespaces' : `no user namespace: ${firstLine(made)}`,
    fix: fine ? null : namespaceFix(scene, firstLine(made)),
  };
};

/** How to have user namespaces allowed. `said`: what unshare(1) answered. */
function namespaceFix({ computer }: Scene, said: string): Fix {
  const { container } = computer.surroundings;
  // user_namespaces(7): ENOSPC when the limit is reached, and a limit of 0 forbids them.
  if (/No space left on device/.test(said))
    return {
      explain: 'The kernel is told to allow none. Allow some:',
      packages: [],
      commands: ['sudo sysctl user.max_user_namespaces=10000'],
    };
  if (container !== null)
    return {
      explain:
        "The container's seccomp profile forbids them; Docker's default one does, Podman's does not. Start the container with another profile, or be an ordinary user in it, whose lab needs none once the box is there.",
      packages: [],
      commands: [containerStart(container, '--init', '--security-opt seccomp=unconfined')],
    };
  return {
    explain: 'See which of these settings forbids them.',
    packages: [],
    commands: [
      'sysctl user.max_user_namespaces kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns',
    ],
  };
}
