import type { ClusterState, ReachableMachine } from './state.ts';

/**
 * Why the cluster is still on the move, in a sentence; null when it is at rest. A judgement about a
 * cluster at rest stands; one about a cluster on the move may be about to change.
 */
export function settlingReason(state: ClusterState): string | null {
  for (const machine of Object.values(state.machines)) {
    if (!machine.reachable) continue;
    const reason = reasonOn(machine);
    if (reason !== null) return reason;
  }
  return null;
}

function reasonOn(machine: ReachableMachine): string | null {
  const { name, pacemaker } = machine;
  const starting = Object.entries(machine.units).find(([, unit]) => unit.active === 'activating' || unit.active === 'deactivating');
  if (starting !== undefined) return `${name}: ${starting[0]} is ${starting[1].active}.`;
  if (machine.units['pacemaker.service']?.active !== 'active') return null;
  if (pacemaker === null) return `${name}: Pacemaker has started and does not answer yet.`;
  if (pacemaker.dc === null) return `${name}: no DC is elected yet (the first election takes about 20 s).`;
  const pending = pacemaker.nodes.find((node) => node.pending);
  if (pending !== undefined) return `${pending.name} is joining the cluster.`;
  const acting = pacemaker.resources.find((resource) => resource.pending !== null);
  if (acting !== undefined) return `${acting.id}: ${acting.pending?.toLowerCase()}.`;
  if (pacemaker.dcState !== null && pacemaker.dcState !== 'S_IDLE') return `The cluster is at work (its DC is in ${pacemaker.dcState}).`;
  return null;
}
