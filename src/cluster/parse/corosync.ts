import { createHash } from 'node:crypto';
import type { CorosyncConf, CorosyncMember, CorosyncState } from '../state.ts';
import { excerpt } from './excerpt.ts';

/**
 * Reads `corosync-quorumtool -s` (corosync-quorumtool(8)). With a quorum device, the member table
 * has one more column (its flags, e.g. "A,V,NMW") and a line for the device, which is no member.
 */
export function parseQuorum(text: string): CorosyncState {
  const value = (label: string): string | undefined =>
    new RegExp(`^${label}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text)?.[1];
  const number = (label: string): number => {
    const found = Number.parseInt(value(label) ?? '', 10);
    if (Number.isNaN(found)) {
      throw new Error(`corosync-quorumtool -s: no "${label}" in ${excerpt(text)}`);
    }
    return found;
  };
  return {
    nodeId: number('Node ID'),
    quorate: value('Quorate') === 'Yes',
    expectedVotes: number('Expected votes'),
    totalVotes: number('Total votes'),
    flags: (value('Flags') ?? '').split(/\s+/).filter((word) => word !== ''),
    members: membersOf(text),
  };
}

function membersOf(text: string): CorosyncMember[] {
  const table = text.slice(text.indexOf('Membership information')).split('\n');
  const header = table.find((line) => /^\s*Nodeid\s+Votes\b/.test(line));
  if (header === undefined) throw new Error('corosync-quorumtool -s: it lists no members');
  const nameColumn = header.trim().split(/\s+/).indexOf('Name');
  return table.flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [nodeId, votes] = words.map(Number);
    // Node id 0 is the quorum device.
    if (!nodeId || votes === undefined || Number.isNaN(votes)) return [];
    return [{ nodeId, votes, name: words[nameColumn] ?? '' }];
  });
}

/** Reads /etc/corosync/corosync.conf (corosync.conf(5)). */
export function parseCorosyncConf(text: string): CorosyncConf {
  const root = parseSections(text);
  const first = (name: string): ConfSection | undefined => sectionsOf(root, name)[0];
  const nodes = sectionsOf(first('nodelist'), 'node').map(({ values }) => {
    const addresses = Object.keys(values)
      .filter((key) => /^ring\d+_addr$/.test(key))
      .sort((a, b) => Number.parseInt(a.slice(4), 10) - Number.parseInt(b.slice(4), 10))
      .map((key) => values[key] as string);
    return {
      // Without a name, a node goes by its address (corosync.conf(5), nodelist).
      name: values.name ?? addresses[0] ?? '',
      nodeId: Number.parseInt(values.nodeid ?? '0', 10) || 0,
      addresses,
    };
  });
  return {
    clusterName: first('totem')?.values.cluster_name ?? '',
    twoNode: first('quorum')?.values.two_node === '1',
    nodes,
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}

interface ConfSection {
  readonly name: string;
  readonly values: Record<string, string>;
  readonly sections: ConfSection[];
}

const sectionsOf = (section: ConfSection | undefined, name: string): ConfSection[] =>
  section?.sections.filter((inner) => inner.name === name) ?? [];

function parseSections(text: string): ConfSection {
  const root: ConfSection = { name: '', values: {}, sections: [] };
  const open = [root];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    const inner = open.at(-1) as ConfSection;
    const at = `/etc/corosync/corosync.conf, line ${index + 1}`;
    if (content === '' || content.startsWith('#')) continue;
    if (content.endsWith('{')) {
      const section = { name: content.slice(0, -1).trim(), values: {}, sections: [] };
      inner.sections.push(section);
      open.push(section);
    } else if (content === '}') {
      if (open.length === 1) throw new Error(`${at}: a "}" without its "{"`);
      open.pop();
    } else {
      const colon = content.indexOf(':');
      if (colon === -1) throw new Error(`${at}: ${excerpt(content)} is no "key: value"`);
      inner.values[content.slice(0, colon).trim()] = content.slice(colon + 1).trim();
    }
  }
  const unclosed = open.at(-1) as ConfSection;
  if (unclosed !== root) {
    throw new Error(`/etc/corosync/corosync.conf: "${unclosed.name} {" is never closed`);
  }
  return root;
}
