import * as z from 'zod';
import type { PacemakerNode, ReachableMachine } from '../cluster/state.ts';
import { nodesOrAllSchema } from './places.ts';
import {
  clusterView,
  failed,
  listed,
  nodeNames,
  nodeViews,
  passed,
  reach,
  type Scene,
} from './select.ts';
import type { Verdict } from './verdict.ts';

export const onlineSchema = z.strictObject({
  nodes: nodesOrAllSchema,
  dc: z.boolean().optional(),
});

/** Pacemaker shows the nodes online and fit for work, and all that answer agree on one DC. */
export function judgeOnline({ nodes, dc }: z.infer<typeof onlineSchema>, scene: Scene): Verdict {
  const wanted = nodes === 'all' ? nodeNames(scene.machines) : nodes;
  const expectation = `Pacemaker shows ${listed(wanted)} online${dc === true ? ', with one DC' : ''}`;
  const machines: ReachableMachine[] = [];
  for (const name of wanted) {
    // A node that has just died may still be shown as online.
    const machine = reach(scene.state, name);
    if (typeof machine === 'string') return failed(expectation, machine);
    machines.push(machine);
  }
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  for (const { name, pacemaker } of machines) {
    const node = view.status.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) {
      return failed(expectation, `${view.from} knows no node ${name}. Is Pacemaker started there?`);
    }
    if (!node.online && pacemaker !== null && pacemaker.dc === null) {
      return failed(
        expectation,
        `${name} is still joining: its Pacemaker has not found the others yet.`,
      );
    }
    const problem = unfit(node);
    if (problem !== null) return failed(expectation, problem);
  }
  if (dc !== true) return passed(expectation, `Online: ${listed(wanted)}.`);
  const named = new Set(nodeViews(scene).map(({ status }) => status.dc ?? 'none'));
  if (named.size > 1) {
    return failed(
      expectation,
      `The nodes do not agree on one DC: they name ${listed([...named])}.`,
    );
  }
  return passed(expectation, `Online: ${listed(wanted)}. The DC is ${view.status.dc}.`);
}

function unfit(node: PacemakerNode): string | null {
  const { name } = node;
  if (node.unclean)
    return `${name} is UNCLEAN: the cluster does not know what it does, and has not fenced it.`;
  if (node.pending) return `${name} is still joining (pending).`;
  if (!node.online) return `${name} is offline to Pacemaker. Is Pacemaker started there?`;
  if (node.standby) return `${name} is in standby: it runs no resources.`;
  if (node.maintenance)
    return `${name} is in maintenance mode: the cluster does not look after what runs there.`;
  return null;
}
