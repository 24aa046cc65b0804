import * as z from 'zod';
import type { Cib } from '../cluster/state.ts';
import { colocations, isCloned, type Place, type Relation } from './relations.ts';
import {
  activeNodes,
  clusterView,
  failed,
  misconfigured,
  passed,
  type Scene,
  sameNames,
} from './select.ts';
import { describeSelector, onlyOne, selectorSchema } from './selector.ts';
import type { Verdict } from './verdict.ts';

export const colocatedSchema = z.strictObject({
  resource: selectorSchema,
  with: selectorSchema,
  role: z.literal('Promoted').optional(),
});

/** Two resources that the configuration keeps on one node, not by chance. */
export function judgeColocated(expected: z.infer<typeof colocatedSchema>, scene: Scene): Verdict {
  const role = expected.role === undefined ? '' : ` where that is ${expected.role.toLowerCase()}`;
  const expectation = `${describeSelector(expected.resource)} is tied to the node of ${describeSelector(expected.with)}${role}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const one = onlyOne(view.cib, expected.resource);
  const other = onlyOne(view.cib, expected.with);
  if (typeof one === 'string') return misconfigured(expectation, one);
  if (typeof other === 'string') return misconfigured(expectation, other);
  const relations = colocations(view.cib);
  const goal = { id: other.id, what: expected.role ?? null };
  const binding = relations.filter(({ mandatory }) => mandatory);
  if (isTied(view.cib, binding, { id: one.id, what: null }, goal)) {
    return passed(
      expectation,
      `${one.id} must run where ${other.id} is${expected.role === undefined ? '' : ` ${expected.role.toLowerCase()}`}.`,
    );
  }
  return misconfigured(expectation, why());

  function why(): string {
    const { cib, status } = view as Exclude<typeof view, string>;
    const [first, second] = [one, other] as { id: string }[] as [{ id: string }, { id: string }];
    const near = relations.find(
      ({ from, to }) =>
        (from.id === first.id && to.id === second.id) ||
        (from.id === second.id && to.id === first.id),
    );
    if (near !== undefined && !near.mandatory) {
      return `The colocation ${near.constraint} of ${first.id} and ${second.id} is a wish: its score is not INFINITY, so they may part.`;
    }
    if (near !== undefined && expected.role !== undefined) {
      return `The colocation ${near.constraint} does not say which role of ${second.id}: ${first.id} could go to a node where that is not ${expected.role.toLowerCase()}.`;
    }
    if (
      !isCloned(cib, second.id) &&
      activeNodes(status, first.id).length > 0 &&
      sameNames(activeNodes(status, first.id), activeNodes(status, second.id))
    ) {
      return `${first.id} and ${second.id} happen to be on one node; nothing in the configuration keeps them together.`;
    }
    return `No group and no colocation ties ${first.id} to ${second.id}.`;
  }
}

/**
 * Whether a chain of colocations leads from one to the other. Its links hold in both directions, since
 * either end is nowhere without the other; but a cloned resource, of which there is one instance a
 * node, ties nobody to anybody unless it is the promoted one that is meant.
 */
function isTied(cib: Cib, relations: readonly Relation[], from: Place, goal: Place): boolean {
  const name = ({ id, what }: Place): string =>
    what === 'Promoted' ? `${id} promoted` : isCloned(cib, id) ? `${id} anywhere` : id;
  const reached = new Set([name(from)]);
  const through = [name(from)];
  for (let at = through.pop(); at !== undefined; at = through.pop()) {
    if (at.endsWith(' anywhere')) continue;
    for (const relation of relations) {
      const ends = [name(relation.from), name(relation.to)];
      if (!ends.includes(at)) continue;
      for (const end of ends.filter((candidate) => !reached.has(candidate))) {
        reached.add(end);
        through.push(end);
      }
    }
  }
  return reached.has(name(goal));
}
