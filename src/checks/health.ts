import type { CibOperation, CibResource, Failure, PacemakerStatus } from '../cluster/state.ts';
import { isFencingOn } from './cluster-options.ts';
import { metaOf } from './meta.ts';
import { onFailOf } from './operations.ts';
import {
  activeNodes,
  ancestorsOf,
  type ClusterView,
  instancesOf,
  listed,
  type Scene,
  sameNames,
} from './select.ts';
import { truth } from './settings.ts';

/** Whether a configured resource works: each function says in a sentence what is wrong, or null. */

/** Whether the cluster looks after the resource at all. */
export function notLookedAfter(resource: CibResource, view: ClusterView): string | null {
  const { id } = resource;
  const { status, cib } = view;
  if (truth(cib.properties['maintenance-mode'] ?? 'false') === true) {
    return 'The whole cluster is in maintenance mode (maintenance-mode): it starts, stops and watches nothing.';
  }
  for (const instance of instancesOf(status, id)) {
    if (instance.orphaned) {
      return `${id} is orphaned: it still runs, but is no longer in the configuration.`;
    }
    if (instance.blocked) return `${id} is blocked: ${whyBlocked(resource, view)}.`;
    const looksAway = status.nodes.find(
      ({ name, maintenance }) => maintenance && instance.nodes.includes(name),
    );
    if (looksAway !== undefined) {
      return `${looksAway.name}, on which ${id} runs, is in maintenance mode: the cluster does not look after what runs there.`;
    }
    if (instance.maintenance) {
      return `${id} is in maintenance mode: the cluster does not look after it.`;
    }
    if (!instance.managed) {
      return `${id} is unmanaged (is-managed=false): the cluster would leave it alone whatever happens.`;
    }
    if (instance.failed) {
      const failure = failureOf(status, id);
      return `${id} has failed${failure === null ? '' : `: ${failure}`}. See: crm_mon -1.`;
    }
  }
  return null;
}

/**
 * Why the cluster does not touch a resource any more. 3.0.0 has these causes: a resource that is active on several nodes with
 * multiple-active=block (lib/pengine/native.c), a failure with on-fail=block, a failed stop that cannot be answered by
 * fencing (lib/pengine/unpack.c), and a lost ticket with loss-policy=freeze (pcmk_sched_tickets.c).
 */
function whyBlocked(resource: CibResource, { status, cib }: ClusterView): string {
  const { id } = resource;
  const family = [resource, ...ancestorsOf(cib, resource)];
  const group = family.find(({ kind }) => kind === 'group');
  const several = [resource, ...cib.resources.filter((one) => group && one.parent === group.id)]
    .map((one) => ({ one, nodes: activeNodes(status, one.id) }))
    .find(
      ({ one, nodes }) =>
        nodes.length > 1 &&
        !ancestorsOf(cib, one).some(({ kind }) => kind === 'clone') &&
        metaOf(one, 'multiple-active', cib)?.toLowerCase() === 'block',
    );
  if (several !== undefined) {
    const what = several.one.id === id ? 'it' : several.one.id;
    return `${what} is active on ${listed(several.nodes)} at once, and multiple-active=block tells the cluster to touch none of them. Stop it by hand where it should not be, then: crm_resource --refresh --resource ${several.one.id}`;
  }
  const told = failureOf(status, id, ({ operation }) =>
    operationsNamed(resource, operation).some((one) => {
      const answer = onFailOf(one, cib);
      return answer.set && answer.is === 'block';
    }),
  );
  if (told !== null)
    return `${told}, and on-fail=block tells the cluster to leave it alone then. Once the cause is mended: crm_resource --cleanup --resource ${id}`;
  const stop = failureOf(status, id, ({ operation }) => operation === 'stop');
  if (stop !== null) {
    const device = cib.resources.some(({ agent }) => agent.startsWith('stonith:'));
    const without = isFencingOn(cib, status) && !device ? 'a fence device' : 'fencing';
    return `${stop}, and the cluster cannot go on safely without ${without}`;
  }
  const ticket = cib.constraints.find(
    ({ kind, attributes }) =>
      kind === 'ticket' &&
      attributes['loss-policy'] === 'freeze' &&
      family.some((one) => one.id === attributes.rsc),
  );
  if (ticket !== undefined)
    return `the ticket ${ticket.attributes.ticket} is not granted, and loss-policy=freeze (${ticket.id}) leaves it as it is`;
  return 'the cluster does not touch it any more. What happened, tells: crm_mon -1rf';
}

/** The operations of a name that a resource has; one without settings when it has none. */
const operationsNamed = ({ operations }: CibResource, name: string): CibOperation[] => {
  const own = operations.filter((one) => one.name === name);
  if (own.length > 0) return own;
  return [{ name, interval: 0, timeout: null, onFail: null, role: null, enabled: true }];
};

/** "its start failed on node1 (no such device)": a failure that Pacemaker remembers of a resource; null when none fits. */
export function failureOf(
  { failures }: PacemakerStatus,
  id: string,
  fits: (failure: Failure) => boolean = () => true,
): string | null {
  const failure = failures.find(
    (one) => (one.resource === id || one.resource.startsWith(`${id}:`)) && fits(one),
  );
  if (failure === undefined) return null;
  const { operation, node, exitReason, exitStatus } = failure;
  return `its ${operation} failed on ${node} (${exitReason === '' ? exitStatus : exitReason})`;
}

/** Why a resource is started nowhere, as far as the state tells. */
export function notStarted({ id }: CibResource, { status, cib }: ClusterView): string | null {
  if (activeNodes(status, id).length > 0) return null;
  const instances = instancesOf(status, id);
  if (instances.some(({ targetRole }) => targetRole?.toLowerCase() === 'stopped')) {
    return `${id} is stopped on purpose (target-role=Stopped): it is configured, but disabled.`;
  }
  if (truth(cib.properties['stop-all-resources'] ?? 'false') === true) {
    return `${id} is not started: the cluster property stop-all-resources stops everything.`;
  }
  // What holds now comes before a failure that Pacemaker remembers, which may be old.
  const idle = status.nodes.filter(({ online, standby }) => online && standby);
  if (idle.length > 0 && idle.length === status.nodes.filter(({ online }) => online).length) {
    return `${id} is not started: ${listed(idle.map(({ name }) => name))} in standby, and no other node online.`;
  }
  const policy = status.options['no-quorum-policy'] ?? cib.properties['no-quorum-policy'];
  if (!status.quorate && policy !== 'ignore')
    return `${id} is not started: the cluster has no quorum.`;
  const noDevice = !cib.resources.some(({ agent }) => agent.startsWith('stonith:'));
  if (noDevice && isFencingOn(cib, status)) {
    return `${id} is not started. Fencing is on and there is no fence device, so the cluster starts nothing.`;
  }
  const failure = failureOf(status, id);
  if (failure !== null) return `${id} is not started: ${failure}.`;
  return `${id} is configured, but not started anywhere.`;
}

/** Whether what the cluster says of the resource's whereabouts can be believed. */
export function uncertain({ id }: CibResource, view: ClusterView, { state }: Scene): string | null {
  const { status } = view;
  const busy = instancesOf(status, id).find(
    ({ pending, role }) => pending !== null || role === 'Starting' || role === 'Stopping',
  );
  if (busy !== undefined) return `${id} is still ${(busy.pending ?? busy.role).toLowerCase()}.`;
  const nodes = activeNodes(status, id);
  for (const name of nodes) {
    const machine = state.machines[name];
    if (machine !== undefined && !machine.reachable) {
      return `${view.from} takes ${id} to be started on ${name}, but ${name} cannot be reached (${machine.reason}).`;
    }
    const node = status.nodes.find((candidate) => candidate.name === name);
    if (node !== undefined && (!node.online || node.unclean)) {
      return `${id} was last seen on ${name}, which is ${node.unclean ? 'unclean' : 'offline'}.`;
    }
  }
  for (const other of view.others) {
    const seen = activeNodes(other.status, id);
    if (other.status.dc === null || sameNames(seen, nodes)) continue;
    if (other.status.dc === status.dc) {
      return `The nodes do not agree: ${view.from} sees ${id} on ${listed(nodes)}, ${other.from} on ${listed(seen)}.`;
    }
    // A node that was cut off may be wrong about others, but not about itself.
    if (seen.includes(other.from)) {
      return `${listed([...nodes, other.from])} both claim to run ${id}: the cluster has come apart.`;
    }
  }
  return null;
}
