import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import { isAgent, runsUnit, unitsOf } from './agents.ts';
import { failureOf, notLookedAfter, notStarted, uncertain } from './health.ts';
import { wrongMeta } from './meta.ts';
import { onFailOf, recurringIn } from './operations.ts';
import {
  activeNodes,
  ancestorsOf,
  type ClusterView,
  clusterDevice,
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
    return failed(expectation, view + startedOutside(expected, scene, null));
  const found = matching(view, expected);
  const [resource] = found;
  if (resource === undefined) {
    return misconfigured(
      expectation,
      missing(expected, view) + startedOutside(expected, scene, view),
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
    wrongSettings(resource, expected, view) ??
    offTheNetwork(resource, scene) ??
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
function missing(expected: Expected, view: ClusterView): string {
  const { cib, status, names } = view;
  const sameAgent = cib.resources.filter(({ agent }) => isAgent(agent, expected.agent));
  if (sameAgent.length > 0) {
    const differences = sameAgent.flatMap(
      (resource) => wrongParameters(resource, expected, names) ?? [],
    );
    return `No resource ${expected.agent} fits. ${differences.join('; ')}.`;
  }
  const orphan = status.resources.find(
    ({ agent, orphaned }) => orphaned && isAgent(agent, expected.agent),
  );
  if (orphan !== undefined) {
    return `${orphan.id} still runs, but is orphaned: it is no longer in the configuration.`;
  }
  // The same under another agent: by its parameters, which Pacemaker takes though the agent may not know them, or by its unit.
  const [unit] = unitsOf(expected.agent, expected.with);
  const otherAgent = cib.resources.find(
    (resource) =>
      resource.kind === 'primitive' &&
      ((Object.keys(expected.with).length > 0 &&
        matching(view, { ...expected, agent: resource.agent }).includes(resource)) ||
        (unit !== undefined && runsUnit(resource, unit))),
  );
  const instead =
    otherAgent === undefined ? '' : ` ${otherAgent.id} is one of ${otherAgent.agent}.`;
  return `The cluster has no resource ${expected.agent}.${instead}`;
}

/** " systemd started ...": where the service of an agent runs and no resource of the cluster runs it; "" when nowhere. */
function startedOutside({ agent }: Expected, { state }: Scene, view: ClusterView | null): string {
  // Other agents start a unit themselves, or have none that does the same.
  const [unit] = /^systemd:|:apache$/.test(agent) ? unitsOf(agent) : [];
  if (unit === undefined) return '';
  const rightly = (view?.cib.resources ?? [])
    .filter((resource) => runsUnit(resource, unit))
    .flatMap(({ id }) => (view === null ? [] : activeNodes(view.status, id)));
  const on = reachable(state)
    .filter(({ name, units }) => !rightly.includes(name) && units[unit]?.active === 'active')
    .map(({ name }) => name);
  if (on.length === 0) return '';
  return ` systemd started ${unit} on ${listed(on)}, outside the cluster: it would not follow a failover.`;
}

/** A resource that the cluster runs, and systemd as well, elsewhere or underneath it. */
function outsideToo(
  { id }: CibResource,
  expected: Expected,
  view: ClusterView,
  scene: Scene,
): string | null {
  const outside = startedOutside(expected, scene, view);
  return outside === '' ? null : `${id} is started, but:${outside}`;
}

function wrongSettings(
  resource: CibResource,
  expected: Expected,
  { names }: ClusterView,
): string | null {
  const wrong = wrongParameters(resource, expected, names);
  return wrong === null ? null : `${wrong}.`;
}

/** An address on a device that does not lead to the cluster network: IPaddr2 tells nobody there where it is. */
function offTheNetwork({ id, agent, parameters }: CibResource, scene: Scene): string | null {
  const nic = parameters.nic?.trim().replace(/:.*$/, '');
  if (agent !== 'ocf:heartbeat:IPaddr2' || nic === undefined || nic === '') return null;
  const devices = reachable(scene.state)
    .filter(({ name }) => nodeNames(scene.machines).includes(name))
    .flatMap((machine) => clusterDevice(machine, scene.machines) ?? []);
  const [right] = devices;
  if (right === undefined || devices.includes(nic)) return null;
  return `${id} puts the address on ${nic} (nic), which does not lead to the cluster network: no client is told where it is. The network is on ${right}.`;
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
