import * as z from 'zod';
import { clusterView, failed, listed, passed, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const standbySchema = z.strictObject({
  nodes: z.union([z.literal('one'), z.literal('none'), z.array(z.string()).min(1)]),
});

/** Which nodes are in standby. */
export function judgeStandby({ nodes }: z.infer<typeof standbySchema>, scene: Scene): Verdict {
  const expectation = nodes === 'one' ? 'Exactly one node is in standby' : nodes === 'none' ? 'No node is in standby' : `${listed(nodes)} is in standby, and no other node`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = view.status.nodes.filter(({ standby }) => standby).map(({ name }) => name);
  const right = nodes === 'one' ? found.length === 1 : nodes === 'none' ? found.length === 0 : found.toSorted().join() === nodes.toSorted().join();
  const evidence = found.length === 0 ? 'No node is in standby.' : `In standby: ${listed(found)}.`;
  return right ? passed(expectation, evidence) : failed(expectation, evidence);
}
