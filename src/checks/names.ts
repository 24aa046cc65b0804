import * as z from 'zod';
import type { ClusterState } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';

/** One name for one machine and one network, however they are written. */

/** Addresses by the names that mean them. */
export type Names = ReadonlyMap<string, string>;

/** The lab's machines, and what /etc/hosts says on those that answer; the lab first, then the first line. */
export function namesIn({
  state,
  machines,
}: {
  readonly state: ClusterState;
  readonly machines: readonly Machine[];
}): Names {
  const names = new Map<string, string>();
  const add = (name: string, ip: string): void => {
    const key = name.toLowerCase();
    if (!names.has(key)) names.set(key, ip);
  };
  for (const { name, ip } of machines) if (ip !== '') add(name, ip);
  for (const machine of Object.values(state.machines)) {
    if (!machine.reachable) continue;
    for (const { ip, names: all } of machine.hosts) {
      // Every machine has names of its own that mean itself.
      if (!ip.startsWith('127.') && z.ipv4().safeParse(ip).success)
        for (const name of all) add(name, ip);
    }
  }
  return names;
}

/** "storage", "storage:3260" or "storage:/srv/export" with the machine's address in place of its name. */
export function byAddress(text: string, names: Names): string {
  const [, host = '', rest = ''] = /^([^/:\s]+)((?::.*)?)$/s.exec(text.trim()) ?? [];
  const ip = names.get(host.toLowerCase());
  return ip === undefined ? text : `${ip}${rest}`;
}

/** A source as mount(8) takes it, in one spelling: by address, and without a slash too many. */
export const plainSource = (source: string, names: Names): string =>
  byAddress(source, names)
    .replaceAll(/\/{2,}/g, '/')
    .replace(/(?<=[^:/])\/+$/, '');

/** Whom an NFS server exports to, in one spelling: a network as ADDRESS/LENGTH, a machine by its address (exports(5)). */
export function plainClient(client: string, names: Names): string {
  const [, base = '', mask = ''] = /^([^/]+)\/([^/]+)$/.exec(client.trim()) ?? [];
  const length = /^\d+$/.test(mask) ? Number(mask) : (prefixLength(mask) ?? Number.NaN);
  if (!z.ipv4().safeParse(base).success || !(length >= 0 && length <= 32))
    return byAddress(client, names);
  if (length === 32) return base;
  const all = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - length);
  const network = Math.floor(all / size) * size;
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256);
  return `${bytes.join('.')}/${length}`;
}

/** The prefix length of a netmask such as "255.255.255.0"; null when the text is none. */
export function prefixLength(mask: string): number | null {
  if (!z.ipv4().safeParse(mask).success) return null;
  const bits = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null;
}
