import type { Cib, CibOperation } from '../cluster/state.ts';
import { truth } from './settings.ts';

/** What a resource's operations mean to Pacemaker, as several checks ask. */

/** Those that run again and again: enabled, and of an interval (3.0.0: pcmk_sched_recurring.c). */
export const recurringIn = (operations: readonly CibOperation[]): CibOperation[] =>
  operations.filter(
    (one) => one.interval > 0 && one.enabled && twinOf(one, operations) === undefined,
  );

/** Another operation of the same name and interval: Pacemaker runs neither of two such again and again (is_op_dup). */
export const twinOf = (
  one: CibOperation,
  operations: readonly CibOperation[],
): CibOperation | undefined =>
  operations.find(
    (other) => other !== one && other.name === one.name && other.interval === one.interval,
  );

/** What Pacemaker does when an operation fails, and whether somebody said so (pe_actions.c, validate_on_fail and pcmk__parse_on_fail). */
export function onFailOf(
  { name, onFail }: CibOperation,
  { operationDefaults, properties }: Pick<Cib, 'operationDefaults' | 'properties'>,
): { readonly is: string; readonly set: boolean } {
  const fencing = truth(properties['stonith-enabled'] ?? 'true') !== false;
  const said = (onFail ?? operationDefaults['on-fail'])?.toLowerCase();
  const meant = said === 'nothing' ? 'ignore' : said;
  const known = ['ignore', 'block', 'stop', 'restart', 'standby', 'fence', 'demote'];
  const refused = name === 'stop' && ['standby', 'demote', 'stop'].includes(meant ?? '');
  if (meant !== undefined && known.includes(meant) && !refused)
    return { is: meant === 'fence' && !fencing ? 'stop' : meant, set: true };
  if (name === 'stop') return { is: fencing ? 'fence' : 'block', set: false };
  return { is: 'restart', set: false };
}
