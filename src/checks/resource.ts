import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import { failureOf, notLookedAfter, notStarted, uncertain } from './health.ts';
import { wrongMeta } from './meta.ts';
import { onFailOf, recurringIn } from './operations.ts';
import {
  activeNodes,
  ancestorsOf,
  type ClusterView,
  clusterView,
  failed,
  listed,
  misconfigured,
  nodeNames,
  passed,
  reachable,
  type Scene,
} from './select.ts';
import { describeSelector, matching, selectorSchema, wrongParameters } from './selector.ts';
import { settingSchema } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const resourceSchema = selectorSchema.extend({
  started: z.enum(['once', 'on every node']),
  on: z.enum(['node1', 'node2', 'one-node']).optional(),
  monitor: z.boolean().default(true),
  'monitor-at-most': z.number().positive().optional(),
  meta: z.record(z.string(), settingSchema).optional(),
});

type Expected = z.infer<typeof resourceSchema>;

/**
 * A resource that really works: exactly one such in the configuration, started where it should be,
 * looked after by the cluster and nobody else, without a failure, watched by a recurring monitor, and
 * seen so by every node that answers.
 */
export function judgeResource(expected: Expected, scene: Scene): Verdict {
  const expectation = expectationOf(expected);
  const view = clusterView(scene);
  if (typeof view === 'string')
    return failed(expectation, view + startedOutside(expected, scene, []));
  const found = matching(view.cib, expected);
  const [resource] = found;
  if (resource === undefined) {
    return misconfigured(
      expectation,
      missing(expected, view) + startedOutside(expected, scene, []),
    );
  }
  if (found.length > 1) {
    const ids = listed(found.map(({ id }) => id));
    return misconfigured(
      expectation,
      `${ids} are resources for the same thing, and would fight over it: keep one.`,
    );
  }
  const setting =
    wrongSettings(resource, expected) ??
    notWatched(resource, expected, view) ??
    wrongMeta(resource, expected.meta, view);
  const standing =
    notLookedAfter(resource, view) ??
    notStarted(resource, view) ??
    uncertain(resource, view, scene) ??
    wrongPlace(resource, expected, view, scene) ??
    outsideToo(resource, expected, view, scene);
  if (setting !== null)
    return misconfigured(expectation, standing === null ? setting : `${standing} ${setting}`);
  if (standing !== null) return failed(expectation, standing);
  const watched = expected.monitor ? ' and watched' : '';
  return passed(
    expectation,
    `${resource.id} is started on ${listed(activeNodes(view.status, resource.id))}, managed${watched}.`,
  );
}

function expectationOf(expected: Expected): string {
  const where = expected.on === undefined || expected.on === 'one-node' ? '' : ` on ${expected.on}`;
  const most = expected['monitor-at-most'];
  const often = most === undefined ? '' : ` at least every ${most} s`;
  const watched = expected.monitor || most !== undefined ? ` and watched by a monitor${often}` : '';
  const what = describeSelector(expected);
  return `${what} is started ${expected.started}${where}, managed by the cluster${watched}`;
}

/** Why nothing in the configuration matches: nothing of that agent, or other parameters. */
function missing(expected: Expected, { cib, status }: ClusterView): string {
  const sameAgent = cib.resources.filter(({ agent }) => agent === expected.agent);
  if (sameAgent.length > 0) {
    const differences = sameAgent.flatMap((resource) => wrongParameters(resource, expected) ?? []);
    return `No resource ${expected.agent} fits. ${differences.join('; ')}.`;
  }
  const orphan = status.resources.find(
    ({ agent, orphaned }) => orphaned && agent === expected.agent,
  );
  if (orphan !== undefined) {
    return `${orphan.id} still runs, but is orphaned: it is no longer in the configuration.`;
  }
  // The right parameters under the wrong agent: Pacemaker takes parameters that an agent does not know.
  const otherAgent = cib.resources.find(
    ({ kind, agent }) =>
      kind === 'primitive' &&
      Object.keys(expected.with).length > 0 &&
      matching(cib, { ...expected, agent }).length > 0,
  );
  const instead =
    otherAgent === undefined ? '' : ` ${otherAgent.id} is one of ${otherAgent.agent}.`;
  return `The cluster has no resource ${expected.agent}.${instead}`;
}

/** Services that systemd starts by itself and that a cluster resource would run, by its agent. */
function unitOf(agent: string): string | null {
  if (agent.startsWith('systemd:')) return `${agent.slice('systemd:'.length)}.service`;
  return agent === 'ocf:heartbeat:apache' ? 'apache2.service' : null;
}

/** " systemd started ...": what runs of an agent on other nodes than those; "" when nothing does. */
function startedOutside({ agent }: Expected, { state }: Scene, except: readonly string[]): string {
  const unit = unitOf(agent);
  const on = reachable(state)
    .filter(
      ({ name, units }) =>
        !except.includes(name) && unit !== null && units[unit]?.active === 'active',
    )
    .map(({ name }) => name);
  if (on.length === 0) return '';
  return ` systemd started ${unit} on ${listed(on)}, outside the cluster: it would not follow a failover.`;
}

/** A resource that the cluster runs, and systemd as well, elsewhere or underneath it. */
function outsideToo(
  { id }: CibResource,
  expected: Expected,
  { status }: ClusterView,
  scene: Scene,
): string | null {
  // The cluster runs a systemd: resource as that unit; another agent has no use for the unit.
  const rightly = expected.agent.startsWith('systemd:') ? activeNodes(status, id) : [];
  const outside = startedOutside(expected, scene, rightly);
  return outside === '' ? null : `${id} is started, but:${outside}`;
}

function wrongSettings(resource: CibResource, expected: Expected): string | null {
  const wrong = wrongParameters(resource, expected);
  return wrong === null ? null : `${wrong}.`;
}

function wrongPlace(
  resource: CibResource,
  expected: Expected,
  view: ClusterView,
  scene: Scene,
): string | null {
  const { id } = resource;
  const nodes = activeNodes(view.status, id);
  if (expected.started === 'once') {
    if (nodes.length > 1)
      return `${id} is started on ${listed(nodes)} at once; one node alone may run it.`;
    const clone = ancestorsOf(view.cib, resource).find(({ kind }) => kind === 'clone');
    if (clone !== undefined && clone.meta['clone-max'] !== '1') {
      return `${id} is cloned (${clone.id}), so it may run on every node at once; one node alone may run it.`;
    }
  } else {
    const lacking = nodeNames(scene.machines).filter((name) => !nodes.includes(name));
    if (lacking.length > 0) {
      const failure = failureOf(view.status, id, ({ node }) => lacking.includes(node));
      const why = failure === null ? '' : `: ${failure}`;
      return `${id} is started on ${listed(nodes)}, not on ${listed(lacking)}${why}.`;
    }
  }
  if (expected.on === undefined || expected.on === 'one-node' || nodes.includes(expected.on))
    return null;
  return `${id} is started on ${listed(nodes)}, not on ${expected.on}.`;
}

function notWatched(
  { id, operations }: CibResource,
  expected: Expected,
  { cib }: ClusterView,
): string | null {
  const most = expected['monitor-at-most'];
  if (!expected.monitor && most === undefined) return null;
  // A monitor for the role Stopped looks whether it runs where it should not (Pacemaker Explained).
  const monitors = operations.filter(({ name, role }) => name === 'monitor' && role !== 'Stopped');
  if (monitors.length === 0) {
    return `${id} has no monitor operation: nobody would notice if it broke.`;
  }
  const recurring = monitors.filter(({ interval }) => interval > 0);
  if (recurring.length === 0) return `The monitor of ${id} never runs: its interval is 0.`;
  const enabled = recurring.filter((one) => one.enabled);
  if (enabled.length === 0) {
    return `The monitor of ${id} never runs: it is disabled (enabled=false).`;
  }
  const running = recurringIn(operations).filter((one) => enabled.includes(one));
  if (running.length === 0) {
    return `The monitor of ${id} never runs: it has two with the interval ${enabled[0]?.interval} s, and Pacemaker runs neither of them.`;
  }
  const heeded = running.filter((one) => onFailOf(one, cib).is !== 'ignore');
  if (heeded.length === 0) {
    return `The monitor of ${id} runs, but the cluster ignores what it finds (on-fail=ignore).`;
  }
  const shortest = Math.min(...heeded.map(({ interval }) => interval));
  if (most === undefined || shortest <= most) return null;
  return `The monitor of ${id} runs every ${shortest} s; it should run at least every ${most} s.`;
}
