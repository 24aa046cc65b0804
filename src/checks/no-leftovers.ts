import type { CibResource } from '../cluster/state.ts';
import {
  ancestorsOf,
  type ClusterView,
  clusterView,
  failed,
  listed,
  misconfigured,
  passed,
  type Scene,
} from './select.ts';
import { describeSelector, matching, type Selector } from './selector.ts';
import type { Verdict } from './verdict.ts';

/**
 * Nothing is left of manual moves and of failures: no cli-ban or cli-prefer constraint (crm_resource(8),
 * --ban and --move), no ban in force, no failure that Pacemaker remembers.
 */
export function judgeNoLeftovers(selector: Selector, scene: Scene): Verdict {
  const expectation = `Nothing is left of manual moves or failures of ${describeSelector(selector)}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const resources = matching(view, selector);
  if (resources.length === 0) {
    return failed(expectation, `The cluster has no such resource: ${describeSelector(selector)}.`);
  }
  for (const resource of resources) {
    const move = leftByMove(resource, view);
    if (move !== null) return misconfigured(expectation, move);
    const failure = leftByFailure(resource, view);
    if (failure !== null) return failed(expectation, failure);
  }
  const ids = listed(resources.map(({ id }) => id));
  return passed(expectation, `No constraint, ban or failure is left of ${ids}.`);
}

function leftByMove(resource: CibResource, { cib, status }: ClusterView): string | null {
  // A group or clone is moved as a whole.
  const names = [resource, ...ancestorsOf(cib, resource)].map(({ id }) => id);
  const constraint = cib.constraints.find(
    ({ id, attributes }) =>
      /^cli-(ban|prefer|standby)-/.test(id) && names.includes(attributes.rsc ?? ''),
  );
  if (constraint !== undefined) {
    const { id, attributes, hasRules } = constraint;
    const effect = id.startsWith('cli-prefer')
      ? `ties ${attributes.rsc} to`
      : `keeps ${attributes.rsc} from`;
    const span = hasRules ? 'until its lifetime is over' : 'for good';
    return `The constraint ${id} was left by a manual move: it ${effect} ${attributes.node ?? 'a node'} ${span}. Clear it: crm_resource --clear --resource ${attributes.rsc}.`;
  }
  const ban = status.bans.find((candidate) => names.includes(candidate.resource));
  if (ban === undefined) return null;
  return `The constraint ${ban.id} bans ${ban.resource} from ${ban.node}.`;
}

function leftByFailure({ id }: CibResource, { status }: ClusterView): string | null {
  const isOf = ({ resource }: { resource: string }): boolean =>
    resource === id || resource.startsWith(`${id}:`);
  const cleanup = `Once the cause is mended: crm_resource --cleanup --resource ${id}.`;
  const counted = status.failCounts.find((candidate) => isOf(candidate) && candidate.count > 0);
  if (counted !== undefined) {
    const { count, node } = counted;
    const failures =
      count === Number.POSITIVE_INFINITY
        ? 'a failure that keeps it away for good'
        : `${count} ${count === 1 ? 'failure' : 'failures'}`;
    return `Pacemaker remembers ${failures} of ${id} on ${node}. ${cleanup}`;
  }
  const failure = status.failures.find(isOf);
  if (failure === undefined) return null;
  return `Pacemaker remembers a failed ${failure.operation} of ${id} on ${failure.node}. ${cleanup}`;
}
