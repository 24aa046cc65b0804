import * as z from 'zod';
import { seconds as parseSeconds } from '../cluster/parse/duration.ts';
import type { Cib, CibOperation } from '../cluster/state.ts';
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

/** Seconds that Pacemaker gives an operation for which nothing is set (Pacemaker Explained, "Resource Operations"). */
const usualTimeout = 20;

/** How a resource's operation is set up. */
export function judgeOperation(expected: Expected, scene: Scene): Verdict {
  const wanted = Object.entries(limitsIn(expected)).map(
    ([key, value]) =>
      `${key.replaceAll('-', ' ')} ${value}${typeof value === 'number' ? ' s' : ''}`,
  );
  const expectation = `The ${expected.name} of ${describeSelector(expected)} has ${wanted.join(', ')}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const resource = onlyOne(view.cib, expected);
  if (typeof resource === 'string') return misconfigured(expectation, resource);
  const defined = resource.operations.filter(
    ({ name, enabled }) => name === expected.name && enabled,
  );
  if (expected['interval-at-most'] !== undefined && !defined.some(({ interval }) => interval > 0)) {
    return misconfigured(expectation, `${resource.id} has no ${expected.name} that recurs.`);
  }
  const candidates = defined.length > 0 ? defined : [unset(expected.name)];
  const problems = candidates.map((operation) => wrongIn(operation, expected, view.cib));
  const first = problems.find((problem) => problem !== null);
  if (problems.includes(null)) {
    const fitting = candidates[problems.indexOf(null)] as CibOperation;
    return passed(
      expectation,
      `The ${expected.name} of ${resource.id} has ${timeoutOf(fitting, view.cib)} s${fitting.interval > 0 ? `, every ${fitting.interval} s` : ''}.`,
    );
  }
  return misconfigured(expectation, `The ${expected.name} of ${resource.id} ${first}.`);
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
  timeout ?? parseSeconds(operationDefaults.timeout ?? '') ?? usualTimeout;

function wrongIn(operation: CibOperation, expected: Expected, cib: Cib): string | null {
  const timeout = timeoutOf(operation, cib);
  const onFail = operation.onFail ?? cib.operationDefaults['on-fail'] ?? null;
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
  if (wanted !== undefined && onFail !== wanted) {
    return `has ${onFail === null ? 'no on-fail' : `on-fail=${onFail}`}; it should be ${wanted}`;
  }
  return null;
}
