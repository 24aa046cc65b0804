import { HalabError } from '../errors.ts';
import type { Shell } from '../lab/machine.ts';

/**
 * Takes a running resource away behind the cluster's back, so that its monitor must find it. One
 * entry an agent, by what its own monitor looks at.
 */
const takeAway: Readonly<Record<string, (parameters: Readonly<Record<string, string>>) => string>> =
  {
    // ocf_heartbeat_IPaddr2(7): the address itself.
    'ocf:heartbeat:IPaddr2': ({ ip = '' }) =>
      `ip -o address show to ${word(ip)}/32 | while read -r _ device _ address _; do ip address del "$address" dev "$device"; done`,
    // ocf_heartbeat_apache(7): its processes and its status page. Killed, as nothing stops in good order by accident.
    'ocf:heartbeat:apache': () => 'pkill -KILL -x apache2',
    // ocf_heartbeat_Filesystem(7): the mount. Lazily, as a busy one would refuse.
    'ocf:heartbeat:Filesystem': ({ directory = '' }) => `umount --lazy ${word(directory)}`,
  };

/** Whether stop-resource knows the agent. A systemd resource is its unit's processes. */
export const canStop = (agent: string): boolean =>
  agent in takeAway || agent.startsWith('systemd:');

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Stops the processes, or removes the address, of a resource on a machine.
 * @throws HalabError when the agent is not known or the machine refuses.
 */
export async function stopResource(
  shell: Shell,
  machine: string,
  agent: string,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  const script = agent.startsWith('systemd:')
    ? `systemctl kill --signal=KILL ${word(agent.slice('systemd:'.length))}`
    : takeAway[agent]?.(parameters);
  if (script === undefined)
    throw new HalabError(`No drill knows how to stop ${agent}.`, { next: 'halab lesson lint' });
  const result = await shell.runAsRoot(machine, script);
  if (!result.reached || result.exitCode !== 0) {
    throw new HalabError(`The resource could not be stopped on ${machine}.`, {
      reason: result.stderr,
      next: 'halab status',
    });
  }
}
