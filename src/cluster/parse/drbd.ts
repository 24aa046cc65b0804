import type { DrbdPeer, DrbdResource } from '../state.ts';
import { excerpt } from './excerpt.ts';

/**
 * Reads `drbdsetup status --verbose` of DRBD 8.4 (drbd-utils 9.22): a resource, below it its
 * volumes and its peer, below that the peer's volumes. Words are "key:value". A peer that DRBD
 * has given up (StandAlone) is missing there: /proc/drbd tells of it, by the volume's minor
 * number.
 */
export function parseDrbdText(text: string, proc: string): DrbdResource[] {
  const lines = unwrapped(
    text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
  ).map((line) => ({ depth: line.search(/\S/), ...wordsOf(line) }));
  return blocks(lines, 0).map(([head, inner]) => {
    if (head.name === '' || head.keys.role === undefined) {
      throw new Error(`drbdsetup status: ${excerpt(text)}`);
    }
    const children = blocks(inner, inner[0]?.depth ?? 0);
    const volumes = children.filter(([line]) => line.name === '').map(([line]) => line);
    const peers = children.filter(([line]) => line.name !== '');
    return {
      name: head.name,
      generation: '8.4',
      role: head.keys.role,
      volumes: volumes.map(({ keys }) => ({
        number: numberOf(keys),
        disk: keys.disk ?? 'Unknown',
      })),
      peers:
        peers.length > 0
          ? peers.map(([line, below]) => peerOf(line, below))
          : lostPeer(volumes, proc),
    };
  });
}

/**
 * Lines that drbdsetup broke at 80 columns, whole again. What is below something stands two columns deeper than that, and
 * the rest of a broken line four (wrap_printf and its callers in drbd-utils' user/v84/drbdsetup.c).
 */
function unwrapped(lines: readonly string[]): string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const above = whole.at(-1);
    if (above !== undefined && line.search(/\S/) === above.search(/\S/) + 4)
      whole[whole.length - 1] = `${above} ${line.trim()}`;
    else whole.push(line);
  }
  return whole;
}

const numberOf = (keys: Line['keys']): number => Number(keys.volume ?? 0);

/** The peer that DRBD 8.4 always has, when `drbdsetup status` does not show it. */
function lostPeer(volumes: readonly Line[], proc: string): DrbdPeer[] {
  const found = volumes.flatMap(({ keys }) => {
    // " 0: cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown ..."
    const line = new RegExp(`^ *${keys.minor}: cs:(\\S+) ro:\\S+/(\\S+) ds:\\S+/(\\S+)`, 'm').exec(
      proc,
    );
    if (line === null) return [];
    const [, connection = '', role = '', disk = ''] = line;
    return [{ connection, role, volume: { number: numberOf(keys), disk, replication: 'Off' } }];
  });
  const [first] = found;
  if (first === undefined) return [];
  const { connection, role } = first;
  return [{ name: 'peer', connection, role, volumes: found.map(({ volume }) => volume) }];
}

interface Line {
  readonly depth: number;
  /** The word that is no "key:value"; "" when there is none. */
  readonly name: string;
  readonly keys: Readonly<Record<string, string>>;
}

function wordsOf(line: string): Omit<Line, 'depth'> {
  const words = line.trim().split(/\s+/);
  const pairs = words.filter((word) => word.includes(':'));
  return {
    name: words.find((word) => !word.includes(':')) ?? '',
    keys: Object.fromEntries(
      pairs.map((word) => [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)]),
    ),
  };
}

/** Each line of that depth with the deeper lines that follow it. */
function blocks(lines: readonly Line[], depth: number): [Line, Line[]][] {
  const found: [Line, Line[]][] = [];
  for (const line of lines) {
    if (line.depth <= depth) found.push([line, []]);
    else found.at(-1)?.[1].push(line);
  }
  return found;
}

function peerOf({ name, keys }: Line, volumes: readonly Line[]): DrbdPeer {
  return {
    name,
    // Not printed while all is well.
    connection: keys.connection ?? 'Connected',
    role: keys.role ?? 'Unknown',
    volumes: volumes.map((volume) => ({
      number: numberOf(volume.keys),
      disk: volume.keys['peer-disk'] ?? 'DUnknown',
      replication:
        volume.keys.replication ?? (keys.connection === undefined ? 'Established' : 'Off'),
    })),
  };
}

interface JsonResource {
  name?: string;
  role?: string;
  devices?: { volume?: number; 'disk-state'?: string }[];
  connections?: {
    name?: string;
    'connection-state'?: string;
    'peer-role'?: string;
    peer_devices?: { volume?: number; 'peer-disk-state'?: string; 'replication-state'?: string }[];
  }[];
}

/** Reads `drbdsetup status --json` of DRBD 9 (drbdsetup(8)). */
export function parseDrbdJson(text: string): DrbdResource[] {
  let resources: JsonResource[];
  try {
    resources = JSON.parse(text);
  } catch {
    throw new Error(`drbdsetup status --json: ${excerpt(text)}`);
  }
  if (!Array.isArray(resources)) throw new Error(`drbdsetup status --json: ${excerpt(text)}`);
  return resources.map(({ name = '', role = 'Unknown', devices = [], connections = [] }) => ({
    name,
    generation: '9',
    role,
    volumes: devices.map(({ volume = 0, ...device }) => ({
      number: volume,
      disk: device['disk-state'] ?? 'Unknown',
    })),
    peers: connections.map(({ name: peer = '', peer_devices = [], ...connection }) => ({
      name: peer,
      connection: connection['connection-state'] ?? 'Unknown',
      role: connection['peer-role'] ?? 'Unknown',
      volumes: peer_devices.map(({ volume = 0, ...device }) => ({
        number: volume,
        disk: device['peer-disk-state'] ?? 'DUnknown',
        replication: device['replication-state'] ?? 'Off',
      })),
    })),
  }));
}
