import type { CibResource } from '../cluster/state.ts';
import { fullUnitName } from './unit.ts';

/** What agents are, and which units of systemd do the same. */

/** An agent by one name: systemd:cups.service is systemd:cups (3.0.0: lib/services/systemd.c, systemd_unit_name). */
export const plainAgent = (agent: string): string =>
  agent.startsWith('systemd:') ? agent.replace(/\.service$/, '') : agent;

export const isAgent = (agent: string, other: string): boolean =>
  plainAgent(agent) === plainAgent(other);

/** Units that start by themselves what a resource of the cluster starts; the first is the service itself. */
export function unitsOf(
  agent: string,
  parameters: Readonly<Record<string, string>> = {},
): readonly string[] {
  if (agent === 'ocf:heartbeat:apache') return ['apache2.service'];
  if (agent === 'ocf:heartbeat:nfsserver') return ['nfs-server.service'];
  if (agent === 'ocf:linbit:drbd') return ['drbd.service'];
  if (agent === 'ocf:heartbeat:Filesystem') {
    return parameters.directory === undefined ? [] : [mountUnit(parameters.directory)];
  }
  // service: is the init script of that name, else the unit; Debian's scripts start the unit.
  const name = /^(?:systemd|service|lsb):(.+)$/.exec(agent)?.[1];
  if (name === undefined) return [];
  const unit = fullUnitName(name);
  return unit === 'cups.service' ? [unit, 'cups.socket', 'cups.path'] : [unit];
}

/** The unit that mounts a directory (systemd-escape(1), --path). */
function mountUnit(directory: string): string {
  const path = directory.split('/').filter((part) => part !== '');
  const escaped = path.map((part) =>
    [...part]
      .map((letter) =>
        /[\w:.]/.test(letter) ? letter : `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`,
      )
      .join(''),
  );
  return `${escaped.join('-') || '-'}.mount`;
}

/** Whether the cluster runs that unit as this resource. */
export const runsUnit = ({ kind, agent }: CibResource, unit: string): boolean =>
  kind === 'primitive' && /^(systemd|service|lsb):/.test(agent) && unitsOf(agent)[0] === unit;
