import type * as z from 'zod';
import { clusterView, describeSelector, failed, instancesOf, listed, matching, passed, type Scene } from './select.ts';
import type { selectorSchema } from './resource.ts';
import type { Verdict } from './verdict.ts';

/**
 * Nothing is left of manual moves and of failures: no cli-ban or cli-prefer constraint (crm_resource(8),
 * --ban and --move), no ban in force, no failure that Pacemaker remembers.
 */
export function judgeNoLeftovers(selector: z.infer<typeof selectorSchema>, scene: Scene): Verdict {
  const expectation = `Nothing is left of manual moves or failures of ${describeSelector(selector)}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const resources = matching(view.cib, selector);
  if (resources.length === 0) return failed(expectation, `The cluster has no such resource.`);
  for (const { id, parent } of resources) {
    const names = [id, ...(parent === null ? [] : [parent])];
    const constraint = view.cib.constraints.find(
      (candidate) => /^cli-(ban|prefer|standby)-/.test(candidate.id) && names.includes(candidate.attributes['rsc'] ?? ''),
    );
    if (constraint !== undefined) {
      const effect = constraint.id.startsWith('cli-prefer') ? 'ties it to' : 'keeps it from';
      return failed(expectation, `The constraint ${constraint.id} was left by a manual move, and ${effect} ${constraint.attributes['node'] ?? 'a node'} for good. Clear it: crm_resource --clear --resource ${id}.`);
    }
    const ban = view.status.bans.find(({ resource }) => names.includes(resource));
    if (ban !== undefined) return failed(expectation, `${ban.id} bans ${ban.resource} from ${ban.node}.`);
    const count = view.status.failCounts.find((candidate) => candidate.resource === id && candidate.count > 0);
    if (count !== undefined) return failed(expectation, `Pacemaker remembers ${count.count === Number.POSITIVE_INFINITY ? 'a fatal failure' : `${count.count} failure(s)`} of ${id} on ${count.node}. Once the cause is mended: crm_resource --cleanup --resource ${id}.`);
    const failure = view.status.failures.find((candidate) => candidate.resource === id);
    if (failure !== undefined) return failed(expectation, `Pacemaker remembers a failed ${failure.operation} of ${id} on ${failure.node}. Clear it: crm_resource --cleanup --resource ${id}.`);
  }
  const instances = resources.flatMap(({ id }) => instancesOf(view.status, id));
  return passed(expectation, `No constraint, ban or failure is left for ${listed([...new Set(instances.map(({ id }) => id))])}.`);
}
