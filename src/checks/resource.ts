import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import { type ClusterView, clusterView, describeSelector, failed, instancesOf, listed, matching, nodeNames, passed, reachable, type Scene, truth } from './select.ts';
import type { Verdict } from './verdict.ts';

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const selectorSchema = z.strictObject({ agent: z.string(), with: z.record(z.string(), text).default({}) });

export const resourceSchema = selectorSchema.extend({
  started: z.enum(['once', 'on every node']),
  on: z.string().optional(),
  monitor: z.boolean().optional(),
  'monitor-at-most': z.number().positive().optional(),
  meta: z.record(z.string(), text).optional(),
});

type Expected = z.infer<typeof resourceSchema>;

/**
 * A resource that really works: exactly one such in the configuration, started where it should be,
 * managed, without a failure, watched by a recurring monitor, and seen so by every node that answers.
 */
export function judgeResource(expected: Expected, scene: Scene): Verdict {
  const where = expected.on !== undefined && expected.on !== 'one-node' ? ` on ${expected.on}` : '';
  const watched = expected.monitor === true || expected['monitor-at-most'] !== undefined ? ' and watched by a monitor' : '';
  const expectation = `${describeSelector(expected)} is started ${expected.started}${where}, managed by the cluster${watched}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, `${view}${outside(expected.agent, scene)}`);
  const found = matching(view.cib, expected);
  const [resource] = found;
  if (resource === undefined) return failed(expectation, `${missing(expected, view)}${outside(expected.agent, scene)}`);
  if (found.length > 1) return failed(expectation, `Several resources do the same: ${listed(found.map(({ id }) => id))}. They would fight over it: keep one.`);
  const problem =
    notManaged(resource, view) ?? notRunning(resource, expected, view, scene) ?? notWatched(resource, expected) ?? wrongMeta(resource, expected);
  if (problem !== null) return failed(expectation, problem);
  const nodes = activeNodes(view, resource.id);
  return passed(expectation, `${resource.id} is started on ${listed(nodes)}.`);
}

/** Why nothing in the configuration matches: nothing of that agent, or other parameters. */
function missing(expected: Expected, view: ClusterView): string {
  const sameAgent = view.cib.resources.filter(({ agent }) => agent === expected.agent);
  if (sameAgent.length === 0) return `The cluster has no resource ${expected.agent}.`;
  const differences = sameAgent.map(({ id, parameters }) => {
    const wrong = Object.entries(expected.with)
      .filter(([name, value]) => parameters[name]?.trim() !== value)
      .map(([name, value]) => `${name} ${parameters[name] === undefined ? 'is not set' : `is ${parameters[name]}`}, not ${value}`);
    return `${id}: ${listed(wrong)}`;
  });
  return `No resource ${expected.agent} fits. ${differences.join('; ')}.`;
}

/** What runs of an agent outside the cluster's care; "" when nothing does. */
function outside(agent: string, { state }: Scene): string {
  const unit = agent.startsWith('systemd:') ? `${agent.slice('systemd:'.length)}.service` : agent === 'ocf:heartbeat:apache' ? 'apache2.service' : null;
  if (unit === null) return '';
  const on = reachable(state).filter(({ units }) => units[unit]?.active === 'active').map(({ name }) => name);
  return on.length === 0 ? '' : ` systemd started ${unit} on ${listed(on)}, outside the cluster: it would not follow a failover.`;
}

function notManaged(resource: CibResource, { status, cib }: ClusterView): string | null {
  if (truth(cib.properties['maintenance-mode'] ?? 'false') === true) return 'The whole cluster is in maintenance mode: it starts, stops and watches nothing.';
  for (const instance of instancesOf(status, resource.id)) {
    if (instance.orphaned) return `${resource.id} is orphaned: it runs, but is no longer in the configuration.`;
    if (instance.maintenance) return `${resource.id} is in maintenance: the cluster does not look after it.`;
    if (!instance.managed) return `${resource.id} is unmanaged (is-managed=false): the cluster would leave it alone whatever happens.`;
    if (instance.blocked) return `${resource.id} is blocked: an operation failed in a way that the cluster cannot mend without fencing. See: crm_mon -1.`;
    if (instance.failed) return `${resource.id} has failed${on(instance.nodes)}. See: crm_mon -1.`;
  }
  return null;
}

const on = (nodes: readonly string[]): string => (nodes.length === 0 ? '' : ` on ${listed(nodes)}`);

const activeNodes = ({ status }: ClusterView, id: string): string[] => [
  ...new Set(instancesOf(status, id).filter(({ active, role }) => active && role !== 'Stopped').flatMap(({ nodes }) => nodes)),
];

function notRunning(resource: CibResource, expected: Expected, view: ClusterView, scene: Scene): string | null {
  const { id } = resource;
  const instances = instancesOf(view.status, id);
  const nodes = activeNodes(view, id);
  if (nodes.length === 0) {
    if (instances.some(({ targetRole }) => targetRole?.toLowerCase() === 'stopped')) return `${id} is stopped on purpose (target-role=Stopped). Enable it.`;
    const failure = view.status.failures.find((candidate) => candidate.resource === id);
    if (failure !== undefined) return `${id} is not started: its ${failure.operation} failed on ${failure.node}${failure.exitReason === '' ? ` (${failure.exitStatus})` : `: ${failure.exitReason}`}.`;
    const fencing = view.cib.properties['stonith-enabled'];
    const noDevice = !view.cib.resources.some(({ agent }) => agent.startsWith('stonith:'));
    if (noDevice && truth(fencing ?? 'true') !== false) return `${id} is not started. Fencing is on and there is no fence device: the cluster starts nothing.`;
    if (!view.status.quorate) return `${id} is not started: the cluster has no quorum.`;
    return `${id} is configured, but not started anywhere.`;
  }
  const busy = instances.find(({ pending, role }) => pending !== null || role === 'Starting' || role === 'Stopping');
  if (busy !== undefined) return `${id} is still ${(busy.pending ?? busy.role).toLowerCase()}.`;
  if (expected.started === 'once' && nodes.length > 1) return `${id} is started on ${listed(nodes)}, not on one node alone.`;
  if (expected.started === 'on every node') {
    const lacking = nodeNames(scene.machines).filter((name) => !nodes.includes(name));
    if (lacking.length > 0) return `${id} is not started on ${listed(lacking)}.`;
  }
  if (expected.on !== undefined && expected.on !== 'one-node' && !nodes.includes(expected.on)) return `${id} is started on ${listed(nodes)}, not on ${expected.on}.`;
  return disagreement(id, nodes, scene);
}

/** Every node that answers must see the resource where the DC sees it. */
function disagreement(id: string, nodes: readonly string[], { state }: Scene): string | null {
  for (const { name, pacemaker } of reachable(state)) {
    if (pacemaker === null || pacemaker.dc === null) continue;
    const seen = [...new Set(instancesOf(pacemaker, id).filter(({ active }) => active).flatMap((instance) => instance.nodes))];
    if (seen.toSorted().join() !== nodes.toSorted().join()) return `The nodes do not agree: ${name} sees ${id} on ${listed(seen)}, the DC on ${listed(nodes)}.`;
  }
  return null;
}

function notWatched({ id, operations }: CibResource, expected: Expected): string | null {
  const most = expected['monitor-at-most'];
  if (expected.monitor !== true && most === undefined) return null;
  const monitors = operations.filter(({ name }) => name === 'monitor');
  if (monitors.length === 0) return `${id} is started, but has no monitor operation: nobody would notice if it broke.`;
  const recurring = monitors.filter(({ interval, enabled }) => interval > 0 && enabled);
  if (recurring.length === 0) return `The monitor of ${id} never runs: ${monitors.some(({ enabled }) => !enabled) ? 'it is disabled' : 'its interval is 0'}.`;
  const shortest = Math.min(...recurring.map(({ interval }) => interval));
  return most !== undefined && shortest > most ? `The monitor of ${id} runs every ${shortest} s; it should at least every ${most} s.` : null;
}

function wrongMeta({ id, meta }: CibResource, expected: Expected): string | null {
  for (const [name, value] of Object.entries(expected.meta ?? {})) {
    const found = meta[name];
    if (found === undefined) return `${id} does not set ${name}.`;
    if (truth(value) === null ? found !== value : truth(found) !== truth(value)) return `${id} sets ${name} to ${found}, not to ${value}.`;
  }
  return null;
}
