import * as z from 'zod';
import { clusterView, failed, listed, nodeNames, passed, reachable, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const onlineSchema = z.strictObject({
  nodes: z.union([z.literal('all'), z.array(z.string()).min(1)]),
  dc: z.boolean().optional(),
});

/** Pacemaker shows the nodes online and fit for work, and all that answer agree on one DC. */
export function judgeOnline({ nodes, dc }: z.infer<typeof onlineSchema>, scene: Scene): Verdict {
  const wanted = nodes === 'all' ? nodeNames(scene.machines) : nodes;
  const expectation = `Pacemaker shows ${listed(wanted)} online${dc === true ? ', with one DC' : ''}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  for (const name of wanted) {
    const node = view.status.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) return failed(expectation, `${view.from} knows no node ${name}: is Pacemaker started there?`);
    if (node.unclean) return failed(expectation, `${name} is UNCLEAN: the cluster does not know what it does, and cannot fence it.`);
    if (!node.online) return failed(expectation, `${name} is offline.`);
    if (node.pending) return failed(expectation, `${name} is still joining (pending).`);
    if (node.standby) return failed(expectation, `${name} is in standby: it runs no resources.`);
    if (node.maintenance) return failed(expectation, `${name} is in maintenance mode: the cluster looks away.`);
  }
  if (dc !== true) return passed(expectation, `${listed(wanted)} are online.`);
  const named = new Set(
    reachable(scene.state).flatMap(({ pacemaker }) => (pacemaker === null ? [] : [pacemaker.dc ?? 'none'])),
  );
  if (named.size > 1) return failed(expectation, `The nodes do not agree on one DC: they name ${listed([...named])}.`);
  if (view.status.dc === null) return failed(expectation, 'No DC is elected yet.');
  return passed(expectation, `${listed(wanted)} are online, and ${view.status.dc} is the DC.`);
}
