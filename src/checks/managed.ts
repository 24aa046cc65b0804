import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import {
  activeNodes,
  type ClusterView,
  clusterView,
  failed,
  instancesOf,
  listed,
  misconfigured,
  passed,
  type Scene,
} from './select.ts';
import { describeSelector, onlyOne, selectorSchema } from './selector.ts';
import { truth } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const managedSchema = selectorSchema.extend({
  is: z.boolean(),
  role: z.enum(['Started', 'Stopped']).optional(),
});

type Expected = z.infer<typeof managedSchema>;

/** Whether the cluster looks after a resource, and whether it takes it to be running. */
export function judgeManaged(expected: Expected, scene: Scene): Verdict {
  const role =
    expected.role === undefined ? '' : `, and takes it for ${expected.role.toLowerCase()}`;
  const looks = expected.is ? 'looks after' : 'leaves alone';
  const expectation = `The cluster ${looks} ${describeSelector(expected)}${role}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const resource = onlyOne(view, expected);
  if (typeof resource === 'string') return failed(expectation, resource);
  const reason = whyLeftAlone(resource, view);
  if (expected.is && reason !== null) return failed(expectation, reason);
  if (!expected.is && reason === null) {
    return misconfigured(
      expectation,
      `${resource.id} is managed: the cluster would act on a failure.`,
    );
  }
  const nodes = activeNodes(view.status, resource.id);
  const seen = nodes.length > 0 ? `started on ${listed(nodes)}` : 'stopped';
  const started = nodes.length > 0;
  if (expected.role !== undefined && started !== (expected.role === 'Started')) {
    return failed(expectation, `The cluster takes ${resource.id} for ${seen}.`);
  }
  return passed(
    expectation,
    `${reason ?? `${resource.id} is managed.`} The cluster takes it for ${seen}.`,
  );
}

/** Why the cluster would not act on a resource, whatever happens to it; null when it would. */
function whyLeftAlone({ id }: CibResource, { cib, status }: ClusterView): string | null {
  if (truth(cib.properties['maintenance-mode'] ?? 'false') === true) {
    return 'The whole cluster is in maintenance mode.';
  }
  for (const { managed, maintenance, nodes } of instancesOf(status, id)) {
    const node = status.nodes.find((one) => one.maintenance && nodes.includes(one.name));
    if (node !== undefined) return `${node.name} is in maintenance mode, and with it ${id}.`;
    if (maintenance) return `${id} is in maintenance mode.`;
    if (!managed) return `${id} is unmanaged (is-managed=false).`;
  }
  return null;
}
