import * as z from 'zod';
import { nodesSchema } from './places.ts';
import {
  clusterView,
  failed,
  listed,
  misconfigured,
  passed,
  type Scene,
  sameNames,
} from './select.ts';
import type { Verdict } from './verdict.ts';

export const standbySchema = z.strictObject({
  nodes: z.union([z.enum(['one', 'none']), nodesSchema]),
});

/** Which nodes are in standby. */
export function judgeStandby({ nodes }: z.infer<typeof standbySchema>, scene: Scene): Verdict {
  const expectation = expectationOf(nodes);
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = view.status.nodes.filter(({ standby }) => standby).map(({ name }) => name);
  const right =
    nodes === 'one' ? found.length === 1 : sameNames(found, nodes === 'none' ? [] : nodes);
  const evidence = found.length === 0 ? 'No node is in standby.' : `In standby: ${listed(found)}.`;
  return right ? passed(expectation, evidence) : misconfigured(expectation, evidence);
}

function expectationOf(nodes: 'one' | 'none' | readonly string[]): string {
  if (nodes === 'one') return 'Exactly one node is in standby';
  if (nodes === 'none') return 'No node is in standby';
  return `In standby: ${listed(nodes)}, and no other node`;
}
