import * as z from 'zod';
import { isPromotable, orders, type Relation } from './relations.ts';
import { clusterView, failed, misconfigured, passed, type Scene } from './select.ts';
import { describeSelector, onlyOne, selectorSchema } from './selector.ts';
import type { Verdict } from './verdict.ts';

export const orderedSchema = z.strictObject({
  first: selectorSchema,
  // biome-ignore lint/suspicious/noThenProperty: Pacemaker's own word; an object is no promise
  then: selectorSchema,
  action: z.enum(['start', 'promote']).default('start'),
});

/** One resource is started (or promoted) before the other starts, and stopped after it, by the configuration. */
export function judgeOrdered(expected: z.infer<typeof orderedSchema>, scene: Scene): Verdict {
  const { action } = expected;
  const verb = action === 'promote' ? 'promoted' : 'started';
  const expectation = `${describeSelector(expected.first)} is ${verb} before ${describeSelector(expected.then)} is started`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const first = onlyOne(view, expected.first);
  const then = onlyOne(view, expected.then);
  if (typeof first === 'string') return misconfigured(expectation, first);
  if (typeof then === 'string') return misconfigured(expectation, then);
  const all = orders(view.cib);
  const binding = all.filter(({ loose }) => loose === null);
  if (leads(binding, first.id, action, then.id)) {
    return passed(expectation, `${first.id} is ${verb} before ${then.id}, and outlives it.`);
  }
  if (leads(binding, then.id, 'start', first.id)) {
    return misconfigured(
      expectation,
      `It is the other way round: ${then.id} is started before ${first.id}.`,
    );
  }
  if (action === 'promote' && leads(binding, first.id, 'start', then.id)) {
    return misconfigured(
      expectation,
      `${then.id} waits for the start of ${first.id} only, not for its promotion (first-action=promote).`,
    );
  }
  const near = all.find(({ from, to }) => from.id === first.id && to.id === then.id);
  if (near?.loose != null) {
    return misconfigured(
      expectation,
      `The order ${near.constraint} is not binding: it ${near.loose}.`,
    );
  }
  if (near?.to.what === 'promote' && !isPromotable(view.cib, then.id)) {
    return misconfigured(
      expectation,
      `The order ${near.constraint} lets the promotion of ${then.id} wait, which never comes; its start does not wait. Without then-action the second does what the first does (here promote): set then-action=start.`,
    );
  }
  return misconfigured(expectation, `No group and no order makes ${then.id} wait for ${first.id}.`);
}

/** Whether a chain of orders leads from one resource's action to the other's start. */
function leads(
  relations: readonly Relation[],
  from: string,
  action: string,
  goal: string,
): boolean {
  const reached = new Set<string>();
  const through = [{ id: from, what: action }];
  for (let at = through.pop(); at !== undefined; at = through.pop()) {
    for (const { from: first, to } of relations) {
      if (first.id !== at.id || first.what !== at.what || to.what !== 'start') continue;
      if (to.id === goal) return true;
      if (reached.has(to.id)) continue;
      reached.add(to.id);
      through.push({ id: to.id, what: 'start' });
    }
  }
  return false;
}
