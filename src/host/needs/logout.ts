import { type Check, type Scene, started } from '../scene.ts';

/**
 * Machines that this shell starts stand in systemd's tree where the shell stands. What is below
 * user@UID.service (a desktop's terminals) ends when the user's last session does, unless the user
 * lingers; what is in a session of its own (ssh, a console) only where logind is told so.
 */
export const logout: Check = async (scene) => {
  const { systemd, cgroup, lingers } = scene.computer.surroundings;
  if (!systemd || !cgroup.includes('/user.slice/')) return null;
  const rest = {
    id: 'logout',
    title: 'Logging out',
    status: 'warning',
    needed: 'machines that stay when you log out, if you want that; they start again with halab up',
  } as const;
  if (/\/user@\d+\.service\//.test(cgroup)) {
    return lingers
      ? null
      : {
          ...rest,
          found: 'the machines are powered off when you log out of this desktop',
          fix: {
            explain: 'Let your programs stay.',
            packages: [],
            commands: ['loginctl enable-linger'],
          },
        };
  }
  return (await killsSessions(scene))
    ? {
        ...rest,
        found: 'the machines are powered off when you log out (KillUserProcesses=yes)',
        fix: {
          explain: 'Start halab in a place of its own, which stays.',
          packages: [],
          commands: ['loginctl enable-linger', 'systemd-run --user --scope halab up'],
        },
      }
    : null;
};

async function killsSessions({ run }: Scene): Promise<boolean> {
  const asked = await run([
    'busctl',
    'get-property',
    'org.freedesktop.login1',
    '/org/freedesktop/login1',
    'org.freedesktop.login1.Manager',
    'KillUserProcesses',
  ]);
  return started(asked) && asked.stdout.trim() === 'b true';
}
