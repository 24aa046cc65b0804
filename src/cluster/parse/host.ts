import type { Address, HostsEntry, Mount, NfsExport } from '../state.ts';
import { excerpt } from './excerpt.ts';

interface IpLink {
  ifname?: string;
  addr_info?: { family?: string; local?: string; prefixlen?: number }[];
}

/** Reads `ip -j addr` (ip-address(8)). */
export function parseAddresses(text: string): Address[] {
  let links: IpLink[];
  try {
    links = JSON.parse(text);
  } catch {
    throw new Error(`ip -j addr: ${excerpt(text)}`);
  }
  if (!Array.isArray(links)) throw new Error(`ip -j addr: ${excerpt(text)}`);
  return links.flatMap(({ ifname, addr_info }) =>
    (addr_info ?? []).flatMap(({ family, local, prefixlen }) => {
      if (ifname === undefined || local === undefined || prefixlen === undefined) return [];
      if (family !== 'inet' && family !== 'inet6') return [];
      return [{ device: ifname, ip: local, prefix: prefixlen, family } as const];
    }),
  );
}

/** Reads /etc/hosts (hosts(5)); lines that are no entry are skipped, as the resolver does. */
export function parseHosts(text: string): HostsEntry[] {
  return text.split('\n').flatMap((line) => {
    const [ip, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return ip === undefined || ip === '' || names.length === 0 ? [] : [{ ip, names }];
  });
}

/** Undoes the octal escapes of proc_pid_mounts(5) and of exportfs: "\040" is a space. */
const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );

/** Reads /proc/self/mounts (proc_pid_mounts(5), fstab(5)). */
export function parseMounts(text: string): Mount[] {
  return lines(text).map((line) => {
    const [source, target, type, options] = line.split(' ').map(unescapeOctal);
    if (
      source === undefined ||
      target === undefined ||
      type === undefined ||
      options === undefined
    ) {
      throw new Error(`/proc/self/mounts: ${excerpt(line)}`);
    }
    return { source, target, type, options: options.split(',') };
  });
}

/** Reads /var/lib/nfs/etab, what is exported now (exportfs(8)): "PATH<tab>CLIENT(OPTION,...)". */
export function parseExports(text: string): NfsExport[] {
  return lines(text).map((line) => {
    const match = /^(\S+)\s+(\S*?)\(([^)]*)\)$/.exec(line.trim());
    if (match === null) throw new Error(`/var/lib/nfs/etab: ${excerpt(line)}`);
    const [, path = '', client = '', options = ''] = match;
    return { path: unescapeOctal(path), client, options: options.split(',') };
  });
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
