import type { ClusterState } from '../cluster/state.ts';

/** Units that a node must get back after its power was cut. */
const clusterUnits = ['corosync.service', 'pacemaker.service'];

/** Those of the cluster's units that run on a machine. */
export function runningUnits(state: ClusterState, name: string): string[] {
  const machine = state.machines[name];
  if (machine === undefined || !machine.reachable) return [];
  return clusterUnits.filter((unit) => machine.units[unit]?.active === 'active');
}
