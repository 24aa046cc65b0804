import * as z from 'zod';
import type { Unit } from '../cluster/state.ts';
import { placesSchema } from './places.ts';
import { failed, listed, misconfigured, namesOf, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const unitSchema = z
  .strictObject({
    name: z.string().regex(/^[\w@.:-]+$/, 'expected the name of a systemd unit'),
    active: z.boolean().optional(),
    enabled: z.boolean().optional(),
    on: placesSchema,
  })
  .refine(
    ({ active, enabled }) => active !== undefined || enabled !== undefined,
    'expected active, enabled or both',
  );

type Expected = z.infer<typeof unitSchema>;

/** systemd's full name for a unit: without a suffix a service is meant, as in systemctl(1). */
export const fullUnitName = (name: string): string =>
  /\.(service|socket|path|timer|target|mount)$/.test(name) ? name : `${name}.service`;

/** A systemd unit runs or not, and starts at boot or not. */
export function judgeUnit(expected: Expected, { state, machines }: Scene): Verdict {
  const name = fullUnitName(expected.name);
  const wanted = namesOf(expected.on, machines);
  const what = [
    ...(expected.active === undefined ? [] : [expected.active ? 'runs' : 'does not run']),
    ...(expected.enabled === undefined
      ? []
      : [expected.enabled ? 'starts at boot' : 'does not start at boot']),
  ].join(' and ');
  const expectation = `${name} ${what} on ${listed(wanted)}`;
  for (const machineName of wanted) {
    const machine = reach(state, machineName);
    if (typeof machine === 'string') return failed(expectation, machine);
    const unit = machine.units[name];
    if (unit === undefined) {
      const problem = machine.problems.find(({ part }) => part === 'units');
      const why = problem === undefined ? '' : `: ${problem.message}`;
      return failed(expectation, `The state of ${name} on ${machineName} is not known${why}.`);
    }
    const said = (wrong: string): string => `On ${machineName} ${name} ${wrong}.`;
    const now = otherwiseNow(unit, expected);
    if (now !== null) return failed(expectation, said(now));
    const atBoot = otherwiseAtBoot(unit, expected);
    if (atBoot !== null) return misconfigured(expectation, said(atBoot));
  }
  return passed(expectation, `${name} ${what} on ${listed(wanted)}.`);
}

/** What the unit is now in place of what is expected, to go on after its name; null when it is as expected. */
function otherwiseNow(unit: Unit, { active, enabled }: Expected): string | null {
  if (unit.load === 'not-found' && (active === true || enabled === true)) return 'does not exist';
  if (active !== undefined && (unit.active === 'active') !== active) {
    return unit.active === 'active' ? 'runs' : `is ${unit.active}`;
  }
  return null;
}

/** What becomes of the unit at boot in place of what is expected, in the same way. */
function otherwiseAtBoot(unit: Unit, { enabled }: Expected): string | null {
  if (enabled === undefined || /^enabled/.test(unit.enabled) === enabled) return null;
  return enabled
    ? `is ${unit.enabled || 'not to be enabled'}: it does not start at boot`
    : `is ${unit.enabled}: it starts at boot`;
}
