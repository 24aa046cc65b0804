import * as z from 'zod';
import { plainSeconds, usualTimeout } from '../cluster/parse/duration.ts';
import type { Cib, CibOperation } from '../cluster/state.ts';
import { onFailOf, recurringIn } from './operations.ts';
import { clusterView, failed, misconfigured, passed, type Scene } from './select.ts';
import { describeSelector, onlyOne, selectorSchema } from './selector.ts';
import type { Verdict } from './verdict.ts';

const seconds = z.number().positive();

export const operationSchema = selectorSchema
  .extend({
    name: z.enum(['start', 'stop', 'monitor', 'promote', 'demote', 'notify', 'reload']),
    'interval-at-most': seconds.optional(),
    'timeout-at-least': seconds.optional(),
    'timeout-at-most': seconds.optional(),
    'on-fail': z
      .enum(['ignore', 'block', 'stop', 'restart', 'standby', 'fence', 'demote'])
      .optional(),
  })
  .refine(
    (expected) => Object.keys(limitsIn(expected)).length > 0,
    'expected an interval, a timeout or on-fail',
  );

type Expected = z.infer<typeof operationSchema>;

const limitsIn = ({ agent, with: parameters, name, ...limits }: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));

/** How a resource's operation is set up. */
export function judgeOperation(expected: Expected, scene: Scene): Verdict {
  const wanted = Object.entries(limitsIn(expected)).map(
    ([key, value]) =>
      `${key.replaceAll('-', ' ')} ${value}${typeof value === 'number' ? ' s' : ''}`,
  );
  const expectation = `The ${expected.name} of ${describeSelector(expected)} has ${wanted.join(', ')}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const resource = onlyOne(view, expected);
  if (typeof resource === 'string') return misconfigured(expectation, resource);
  const all = resource.operations.filter(({ name }) => name === expected.name);
  const candidates = inForce(expected.name, all);
  if (
    expected['interval-at-most'] !== undefined &&
    !candidates.some(({ interval }) => interval > 0)
  ) {
    return misconfigured(expectation, `${resource.id} has no ${expected.name} that recurs.`);
  }
  const problems = candidates.map((operation) => wrongIn(operation, expected, view.cib));
  const first = problems.find((problem) => problem !== null);
  if (problems.includes(null)) {
    const fitting = candidates[problems.indexOf(null)] as CibOperation;
    return passed(
      expectation,
      `The ${expected.name} of ${resource.id} has ${timeoutOf(fitting, view.cib)} s${fitting.interval > 0 ? `, every ${fitting.interval} s` : ''}.`,
    );
  }
  const vain = all.find(
    (one) => one.interval > 0 && !candidates.includes(one) && cannotRecur.includes(one.name),
  );
  const besides =
    vain === undefined
      ? ''
      : ` What is set with interval=${vain.interval}s does not count: a ${expected.name} has the interval 0.`;
  return misconfigured(expectation, `The ${expected.name} of ${resource.id} ${first}.${besides}`);
}

/** Operations that Pacemaker never runs again and again, so that it looks for those of interval 0 alone (3.0.0: pcmk_sched_recurring.c, op_cannot_recur; a notification is no operation of its own). */
const cannotRecur: readonly string[] = ['start', 'stop', 'promote', 'demote', 'reload', 'notify'];

/**
 * Those of a name by which Pacemaker goes: of what does not recur the first of interval 0, disabled or not
 * (find_exact_action_config); of the others those that recur.
 */
function inForce(name: string, all: readonly CibOperation[]): readonly CibOperation[] {
  const once = all.filter(({ interval }) => interval === 0).slice(0, 1);
  const recurring = cannotRecur.includes(name) ? [] : recurringIn(all);
  if (recurring.length > 0) return recurring;
  return once.length > 0 ? once : [unset(name)];
}

const unset = (name: string): CibOperation => ({
  name,
  interval: 0,
  timeout: null,
  onFail: null,
  role: null,
  enabled: true,
});

const timeoutOf = ({ timeout }: CibOperation, { operationDefaults }: Cib): number =>
  timeout ?? (plainSeconds(operationDefaults.timeout ?? '') || usualTimeout);

function wrongIn(operation: CibOperation, expected: Expected, cib: Cib): string | null {
  const timeout = timeoutOf(operation, cib);
  const onFail = onFailOf(operation, cib);
  const {
    'interval-at-most': interval,
    'timeout-at-least': least,
    'timeout-at-most': most,
    'on-fail': wanted,
  } = expected;
  if (interval !== undefined && (operation.interval === 0 || operation.interval > interval)) {
    return `recurs every ${operation.interval} s; at most ${interval} s is wanted`;
  }
  if (least !== undefined && timeout < least) {
    return `has a timeout of ${timeout} s; it needs at least ${least} s`;
  }
  if (most !== undefined && timeout > most) {
    return `has a timeout of ${timeout} s; more than ${most} s is too patient`;
  }
  if (wanted !== undefined && onFail.is !== wanted) {
    return `has ${onFail.set ? `on-fail=${onFail.is}` : `no on-fail, which means ${onFail.is}`}; it should be ${wanted}`;
  }
  return null;
}
