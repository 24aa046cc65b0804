import type { ClusterState, PacemakerStatus, ReachableMachine } from './state.ts';

/** Whether all machines answer and the cluster is at rest: what is judged by this state now is so a moment later too. */
export const isSettled = (state: ClusterState): boolean =>
  Object.values(state.machines).every(({ reachable }) => reachable) &&
  settlingReason(state) === null;

/** The node that all nodes that answer have as the DC; null when there is none, or one of them could not tell. */
export function dcIn({ machines }: ClusterState): string | null {
  const answering = Object.values(machines).filter((machine) => machine.reachable);
  if (answering.some(({ problems }) => problems.some(({ part }) => part === 'pacemaker')))
    return null;
  const named = answering.flatMap(({ pacemaker }) => (pacemaker === null ? [] : [pacemaker.dc]));
  const [dc = null] = named;
  return named.every((other) => other === dc) ? dc : null;
}

/**
 * Why the cluster is still on the move, in a sentence; null when it is at rest. A judgement about a
 * cluster at rest stands; one about a cluster on the move may be about to change.
 */
export function settlingReason(state: ClusterState): string | null {
  const answering = Object.values(state.machines).filter((machine) => machine.reachable);
  for (const machine of answering) {
    const reason =
      startingOn(machine) ?? (machine.pacemaker && movingIn(machine.pacemaker, state.machines));
    if (reason !== null) return reason;
  }
  return unnoticed(state, answering) ?? unequal(answering);
}

function startingOn({ name, units, problems, pacemaker }: ReachableMachine): string | null {
  const moving = Object.entries(units).find(
    // systemd starts a failing service again and again (auto-restart): that is no move to wait for.
    ([, { active, sub }]) =>
      (active === 'activating' && sub !== 'auto-restart') || active === 'deactivating',
  );
  if (moving !== undefined) return `On ${name} ${moving[0]} is ${moving[1].active}.`;
  // Nothing of its ring alone means nothing: it is asked only where somebody wants to know.
  const isSilent = problems.some(({ part }) => part === 'corosync');
  if (units['corosync.service']?.active === 'active' && isSilent) {
    return `On ${name} Corosync has started and does not answer yet.`;
  }
  if (units['pacemaker.service']?.active === 'active' && pacemaker === null) {
    return `On ${name} Pacemaker has started and does not answer yet.`;
  }
  return null;
}

function movingIn(
  { dc, dcState, nodes, resources }: PacemakerStatus,
  machines: ClusterState['machines'],
): string | null {
  if (dc === null) return 'No DC is elected yet (the first election takes about 20 s).';
  // A DC whose Pacemaker was stopped is shown as pending for good: it is not about to join.
  const stopped = (name: string): boolean => {
    const machine = machines[name];
    return machine?.reachable === true && machine.units['pacemaker.service']?.active === 'inactive';
  };
  const joining = nodes.find(({ name, pending }) => pending && !stopped(name));
  if (joining !== undefined) return `${joining.name} is joining the cluster.`;
  const acting = resources.find(({ pending }) => pending !== null);
  if (acting !== undefined) return `${acting.id} is ${acting.pending?.toLowerCase()}.`;
  // The DC is idle when nothing is left to do (crmadmin(8), --status).
  if (dcState === null || dcState === 'S_IDLE') return null;
  return `The cluster is at work: its DC is in ${dcState}.`;
}

/** A machine that is gone and that the others still take for a member. */
function unnoticed(state: ClusterState, answering: readonly ReachableMachine[]): string | null {
  for (const machine of Object.values(state.machines)) {
    if (machine.reachable) continue;
    const believer = answering.find(({ pacemaker }) =>
      pacemaker?.nodes.some(({ name, online }) => name === machine.name && online),
    );
    if (believer !== undefined) {
      return `${machine.name} cannot be reached, and ${believer.name} has not noticed it yet.`;
    }
  }
  return null;
}

/** A change of the configuration that has not come to all nodes of one cluster. */
function unequal(answering: readonly ReachableMachine[]): string | null {
  const views = answering.flatMap(({ name, pacemaker, cib }) =>
    pacemaker === null || cib === null ? [] : [{ name, dc: pacemaker.dc, version: cib.version }],
  );
  const configuration = (version: string): string => version.split('.').slice(0, 2).join('.');
  const [first] = views;
  const other = views.find(
    ({ dc, version }) =>
      dc === first?.dc && configuration(version) !== configuration(first?.version ?? ''),
  );
  if (first === undefined || other === undefined) return null;
  return `${first.name} and ${other.name} do not have the same configuration yet.`;
}
