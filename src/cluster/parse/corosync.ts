import type { CorosyncMember, CorosyncState } from '../state.ts';
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
