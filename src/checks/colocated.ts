import * as z from 'zod';
import type { Cib, CibResource } from '../cluster/state.ts';
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
  const one = onlyOne(view, expected.resource);
  const other = onlyOne(view, expected.with);
  if (typeof one === 'string') return misconfigured(expectation, one);
  if (typeof other === 'string') return misconfigured(expectation, other);
  const { cib } = view;
  const relations = colocations(cib);
  const binding = relations.filter(({ loose }) => loose === null);
  const goal: Place = { id: other.id, what: expected.role ?? null };
  const where = `where ${other.id} is${expected.role === undefined ? '' : ` ${expected.role.toLowerCase()}`}`;
  if (follows(cib, binding, { id: one.id, what: null }, goal)) {
    return passed(expectation, `${one.id} must run ${where}.`);
  }
  return misconfigured(expectation, why());

  function why(): string {
    const { status } = view as Exclude<typeof view, string>;
    const [mine, its] = [one, other] as [CibResource, CibResource];
    const near = relations.find(({ from, to }) => from.id === mine.id && to.id === its.id);
    if (near !== undefined && near.loose !== null) {
      return `The colocation ${near.constraint} of ${mine.id} and ${its.id} ${near.loose}.`;
    }
    if (near !== undefined && expected.role !== undefined && near.to.what !== expected.role) {
      return `The colocation ${near.constraint} does not say which role of ${its.id}: ${mine.id} could go to a node where that is not ${expected.role.toLowerCase()}.`;
    }
    const all = [...new Set(binding.flatMap(({ from, to }) => [from.id, to.id]))];
    const reachesFrom = (start: Place, to: string): boolean =>
      ends(to).some((end) => follows(cib, binding, start, end));
    const reaches = (from: string, to: string): boolean =>
      ends(from).some((start) => reachesFrom(start, to));
    if (reaches(its.id, mine.id)) {
      const does = reachesFrom({ id: its.id, what: null }, mine.id) ? 'run' : 'be promoted';
      return `It is the other way round: ${its.id} must ${does} where ${mine.id} is. ${mine.id} is placed first and does not wait for ${its.id}. What depends is rsc, and what it depends on is with-rsc (in a group, the one before).`;
    }
    const above = all.find((id) => reaches(mine.id, id) && reaches(its.id, id));
    if (above !== undefined && above !== mine.id && above !== its.id) {
      return `${mine.id} and ${its.id} both follow ${above}, but ${mine.id} does not follow ${its.id}: it runs on where ${its.id} cannot.`;
    }
    const below = all.find((id) => reaches(id, mine.id) && reaches(id, its.id));
    if (below !== undefined) {
      return `${below} must run where both are, but nothing ties ${mine.id} to ${its.id}: ${mine.id} is placed first and does not wait. Let ${mine.id} be the rsc of the colocation, or its whole group.`;
    }
    if (
      !isCloned(cib, its.id) &&
      activeNodes(status, mine.id).length > 0 &&
      sameNames(activeNodes(status, mine.id), activeNodes(status, its.id))
    ) {
      return `${mine.id} and ${its.id} happen to be on one node; nothing in the configuration keeps them together.`;
    }
    return `No group and no colocation ties ${mine.id} to ${its.id}.`;
  }
}

/** A resource as either end of a chain: in any role, and promoted. */
const ends = (id: string): Place[] => [
  { id, what: null },
  { id, what: 'Promoted' },
];

/**
 * Whether a chain of colocations leads from what depends to what it depends on. They hold in this direction alone: what is
 * depended on is placed first. A cloned resource, of which there is one instance a node, ties nobody to anybody unless it is
 * the promoted one that is meant.
 */
function follows(cib: Cib, relations: readonly Relation[], from: Place, goal: Place): boolean {
  const name = ({ id, what }: Place): string =>
    what === 'Promoted' ? `${id} promoted` : isCloned(cib, id) ? `${id} anywhere` : id;
  const reached = new Set<string>();
  const through = [name(from)];
  for (let at = through.pop(); at !== undefined; at = through.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    // Where it is promoted, it runs.
    if (at.endsWith(' promoted')) reached.add(at.replace(/ promoted$/, ' anywhere'));
    if (at.endsWith(' anywhere')) continue;
    for (const relation of relations) {
      if (name(relation.from) === at) through.push(name(relation.to));
    }
  }
  return from.id !== goal.id && reached.has(name(goal));
}
