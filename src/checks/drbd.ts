import * as z from 'zod';
import type { DrbdResource } from '../cluster/state.ts';
import { failed, listed, nodeNames, passed, reachable, type Scene, sameNames } from './select.ts';
import type { Verdict } from './verdict.ts';

export const drbdSchema = z
  .strictObject({
    connected: z.boolean().optional(),
    disk: z.string().optional(),
    primary: z.enum(['one-node', 'none', 'node1', 'node2']).optional(),
  })
  .refine(
    (expected) => Object.values(expected).some((value) => value !== undefined),
    'expected connected, disk or primary',
  );

type Expected = z.infer<typeof drbdSchema>;

/** What DRBD itself says on every node that answers, whoever brought it up. */
export function judgeDrbd(expected: Expected, { state, machines }: Scene): Verdict {
  const expectation = expectationOf(expected);
  const nodes = reachable(state).filter(({ name }) => nodeNames(machines).includes(name));
  if (nodes.length === 0) return failed(expectation, 'No node can be reached. See: halab status.');
  for (const { name, drbd, problems } of nodes) {
    const problem = problems.find(({ part }) => part === 'drbd');
    if (problem !== undefined) {
      return failed(expectation, `DRBD on ${name} could not be read: ${problem.message}.`);
    }
    if (drbd.length === 0) return failed(expectation, `DRBD has no resource up on ${name}.`);
    for (const resource of drbd) {
      const wrong = wrongIn(resource, expected);
      if (wrong !== null) return failed(expectation, `On ${name} ${resource.name} ${wrong}.`);
    }
  }
  const primaries = nodes
    .filter(({ drbd }) => drbd.some(({ role }) => role === 'Primary'))
    .map(({ name }) => name);
  const where = primaries.length === 0 ? 'primary nowhere' : `primary on ${listed(primaries)}`;
  const { primary } = expected;
  const right =
    primary === undefined ||
    (primary === 'one-node'
      ? primaries.length === 1
      : sameNames(primaries, primary === 'none' ? [] : [primary]));
  if (!right) return failed(expectation, `DRBD is ${where}.`);
  const disks = [
    ...new Set(
      nodes.flatMap(({ drbd }) => drbd.flatMap(({ volumes }) => volumes.map(({ disk }) => disk))),
    ),
  ];
  return passed(expectation, `DRBD is ${where}; the disks are ${listed(disks)}.`);
}

function expectationOf({ connected, disk, primary }: Expected): string {
  const parts = [
    ...(connected === undefined ? [] : [connected ? 'is connected' : 'is not connected']),
    ...(disk === undefined ? [] : [`has every disk ${disk}`]),
    ...(primary === undefined ? [] : [`is primary on ${primaryInWords(primary)}`]),
  ];
  return `DRBD ${listed(parts)}`;
}

const primaryInWords = (primary: string): string =>
  primary === 'one-node' ? 'exactly one node' : primary === 'none' ? 'no node' : primary;

function wrongIn({ volumes, peers }: DrbdResource, { connected, disk }: Expected): string | null {
  const lost = peers.find(
    ({ connection }) => connection !== 'Connected' && !/^Sync|^Paused|^Verify/.test(connection),
  );
  const isConnected = peers.length > 0 && lost === undefined;
  if (connected === true && !isConnected) {
    return `is not connected with its peer (${lost?.connection ?? 'it has none'})`;
  }
  if (connected === false && isConnected) return 'is connected with its peer';
  if (disk === undefined) return null;
  const own = volumes.find((volume) => volume.disk !== disk);
  if (volumes.length === 0) return 'has no disk';
  if (own !== undefined) return `has the disk ${own.disk}, not ${disk}${meaning(own.disk)}`;
  const other = (isConnected ? peers : [])
    .flatMap((peer) => peer.volumes)
    .find((volume) => volume.disk !== disk);
  return other === undefined
    ? null
    : `sees its peer's disk ${other.disk}, not ${disk}${meaning(other.disk)}`;
}

/** What the word means, in brackets; "" where it needs no telling (drbdsetup(8), "disk states"). */
function meaning(disk: string): string {
  if (disk === 'Inconsistent') return ' (not synced: its content cannot be used yet)';
  if (disk === 'Outdated') return ' (whole, but older than the other side)';
  if (disk === 'Diskless') return ' (no disk is attached: all reads and writes go to the peer)';
  return '';
}
