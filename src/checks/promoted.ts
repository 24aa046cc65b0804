import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import { notLookedAfter, notStarted, uncertain } from './health.ts';
import { wrongMeta } from './meta.ts';
import { onFailOf, recurringIn, twinOf } from './operations.ts';
import {
  activeNodes,
  ancestorsOf,
  type ClusterView,
  clusterView,
  failed,
  instancesOf,
  listed,
  misconfigured,
  nodeNames,
  passed,
  type Scene,
} from './select.ts';
import { describeSelector, onlyOne, selectorSchema } from './selector.ts';
import { settingSchema, truth } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const promotedSchema = selectorSchema.extend({
  monitor: z.boolean().default(true),
  meta: z.record(z.string(), settingSchema).optional(),
});

type Expected = z.infer<typeof promotedSchema>;

/** A promotable clone as it should be: promoted on one node, unpromoted on every other that is online, looked after and watched. */
export function judgePromoted(expected: Expected, scene: Scene): Verdict {
  const watched = expected.monitor ? ', watched in both roles' : '';
  const expectation = `${describeSelector(expected)} is promoted on one node and unpromoted on the others${watched}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const resource = onlyOne(view, expected);
  if (typeof resource === 'string') return failed(expectation, resource);
  const setting =
    notPromotable(resource, view) ??
    (expected.monitor ? notWatched(resource, view) : null) ??
    wrongMeta(resource, expected.meta, view);
  const standing =
    notLookedAfter(resource, view) ??
    notStarted(resource, view) ??
    uncertain(resource, view, scene) ??
    wrongRoles(resource, view, scene);
  if (setting !== null)
    return misconfigured(expectation, standing === null ? setting : `${standing} ${setting}`);
  if (standing !== null) return failed(expectation, standing);
  return passed(
    expectation,
    `${resource.id} is promoted on ${listed(withRole(resource, 'Promoted', view))}, unpromoted on ${listed(withRole(resource, 'Unpromoted', view))}.`,
  );
}

function notPromotable(resource: CibResource, { cib }: ClusterView): string | null {
  const clone = ancestorsOf(cib, resource).find(({ kind }) => kind === 'clone');
  if (clone === undefined) {
    return `${resource.id} is no clone, so it runs on one node only and can be promoted nowhere.`;
  }
  if (truth(clone.meta.promotable ?? 'false') !== true) {
    return `${clone.id} is a clone, but not a promotable one (promotable=true): every node stays unpromoted.`;
  }
  const most = clone.meta['promoted-max'] ?? clone.meta['master-max'] ?? '1';
  return most === '1'
    ? null
    : `${clone.id} may be promoted on ${most} nodes at once (promoted-max).`;
}

const withRole = ({ id }: CibResource, role: string, { status }: ClusterView): string[] =>
  instancesOf(status, id)
    .filter((instance) => instance.active && instance.role === role)
    .flatMap(({ nodes }) => nodes);

function wrongRoles(resource: CibResource, view: ClusterView, { machines }: Scene): string | null {
  const promoted = withRole(resource, 'Promoted', view);
  if (promoted.length === 0) {
    return `${resource.id} runs on ${listed(activeNodes(view.status, resource.id))}, but is promoted nowhere.`;
  }
  if (promoted.length > 1) return `${resource.id} is promoted on ${listed(promoted)} at once.`;
  const unpromoted = withRole(resource, 'Unpromoted', view);
  const online = view.status.nodes
    .filter((node) => node.online && !node.standby)
    .map(({ name }) => name);
  const lacking = nodeNames(machines).filter(
    (name) => online.includes(name) && !promoted.includes(name) && !unpromoted.includes(name),
  );
  return lacking.length === 0 ? null : `${resource.id} does not run on ${listed(lacking)}.`;
}

/** A monitor without a role watches the unpromoted instances (Pacemaker Explained, "Monitoring Resources When..."): each role needs its own, at an interval of its own. */
function notWatched({ id, operations }: CibResource, { cib }: ClusterView): string | null {
  const all = operations.filter(({ name }) => name === 'monitor');
  const same = all.find((one) => one.interval > 0 && one.enabled && twinOf(one, all));
  if (same !== undefined) {
    return `${id} has two monitors with the interval ${same.interval} s, and Pacemaker runs neither of them: give each role an interval of its own.`;
  }
  const monitors = recurringIn(all).filter((one) => onFailOf(one, cib).is !== 'ignore');
  if (!monitors.some(({ role }) => role === 'Promoted')) {
    return `${id} has no monitor for the role Promoted that the cluster heeds: nobody watches the node that does the work.`;
  }
  if (!monitors.some(({ role }) => role === null || role === 'Unpromoted' || role === 'Started')) {
    return `${id} has no monitor for the role Unpromoted that the cluster heeds: nobody would notice if the other side were gone.`;
  }
  return null;
}
