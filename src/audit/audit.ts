import type { ClusterState, ReachableMachine } from '../cluster/state.ts';

/**
 * What must hold in every cluster at rest, whatever was done to it before (after the audits of
 * Pacemaker's own Cluster Test Suite). Each broken one is a sentence; [] when all hold.
 * @param device that of the cluster network: every machine has the same addresses on the others.
 */
export function audit(state: ClusterState, device: string): string[] {
  const machines = Object.values(state.machines).filter((machine) => machine.reachable);
  return [
    ...activeTwice(machines),
    ...addressTwice(machines, device),
    ...unequalCib(machines),
    ...wrongQuorum(machines),
    ...divergedDrbd(machines),
  ];
}

/** What each node says of itself counts: what it says of others may be old. */
function activeTwice(machines: readonly ReachableMachine[]): string[] {
  const where = new Map<string, string[]>();
  for (const { name, pacemaker } of machines) {
    for (const { id, active, nodes, parents } of pacemaker?.resources ?? []) {
      const isClone = parents.some(({ kind }) => kind === 'clone' || kind === 'bundle');
      if (active && !isClone && nodes.includes(name))
        where.set(id, [...(where.get(id) ?? []), name]);
    }
  }
  return [...where]
    .filter(([, nodes]) => nodes.length > 1)
    .map(([id, nodes]) => `The resource ${id} is active on ${nodes.join(' and ')}.`);
}

function addressTwice(machines: readonly ReachableMachine[], clusterDevice: string): string[] {
  const where = new Map<string, string[]>();
  for (const { name, addresses } of machines) {
    for (const { ip, device, family } of addresses)
      if (family === 'inet' && device === clusterDevice)
        where.set(ip, [...(where.get(ip) ?? []), name]);
  }
  return [...where]
    .filter(([, names]) => names.length > 1)
    .map(([ip, names]) => `The address ${ip} is on ${names.join(' and ')}.`);
}

function unequalCib(machines: readonly ReachableMachine[]): string[] {
  const versions = machines.flatMap(({ name, cib, pacemaker }) =>
    cib === null || pacemaker === null ? [] : [{ name, dc: pacemaker.dc, version: cib.version }],
  );
  return versions.flatMap(({ name, dc, version }, index) =>
    versions
      .slice(index + 1)
      .filter((other) => other.dc === dc && other.version !== version)
      .map((other) => `The CIB is ${version} on ${name} and ${other.version} on ${other.name}.`),
  );
}

function wrongQuorum(machines: readonly ReachableMachine[]): string[] {
  return machines.flatMap(({ name, corosync }) => {
    if (corosync === null) return [];
    const { totalVotes, expectedVotes, quorate } = corosync;
    if (totalVotes === expectedVotes && !quorate)
      return [`${name} has all ${expectedVotes} votes and no quorum.`];
    const twoNode = corosync.flags.includes('2Node');
    if (quorate && !twoNode && totalVotes * 2 <= expectedVotes)
      return [`${name} has quorum with ${totalVotes} of ${expectedVotes} votes.`];
    return [];
  });
}

const divergedDrbd = (machines: readonly ReachableMachine[]): string[] =>
  machines.flatMap(({ name, drbd }) =>
    drbd.flatMap((resource) =>
      resource.peers
        .filter(({ connection }) => connection === 'StandAlone')
        .map(
          () => `DRBD's ${resource.name} on ${name} is StandAlone: the two sides have diverged.`,
        ),
    ),
  );
