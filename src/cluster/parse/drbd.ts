import type { DrbdPeer, DrbdResource } from '../state.ts';
import { excerpt } from './excerpt.ts';

/**
 * Reads the text of `drbdsetup status` as DRBD 8.4 prints it (drbd-utils 9.22): a resource, below
 * it its volumes and its peer, below that the peer's volumes. Words are "key:value"; a key that
 * is left out has its usual value, and volume 0 is not named when there is no other.
 */
export function parseDrbdText(text: string): DrbdResource[] {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => ({ depth: line.search(/\S/), ...wordsOf(line) }));
  return blocks(lines, 0).map(([head, inner]) => {
    if (head.name === '' || head.keys.role === undefined) {
      throw new Error(`drbdsetup status: ${excerpt(text)}`);
    }
    const children = blocks(inner, inner[0]?.depth ?? 0);
    return {
      name: head.name,
      generation: '8.4',
      role: head.keys.role,
      volumes: children
        .filter(([line]) => line.name === '')
        .map(([{ keys }]) => ({ number: Number(keys.volume ?? 0), disk: keys.disk ?? 'Unknown' })),
      peers: children
        .filter(([line]) => line.name !== '')
        .map(([line, volumes]) => peerOf(line, volumes)),
    };
  });
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
      number: Number(volume.keys.volume ?? 0),
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
