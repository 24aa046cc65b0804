import * as z from 'zod';
import { failed, listed, namesOf, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const unitSchema = z
  .strictObject({
    name: z.string(),
    active: z.boolean().optional(),
    enabled: z.boolean().optional(),
    on: z.union([z.string(), z.array(z.string()).min(1)]),
  })
  .refine(({ active, enabled }) => active !== undefined || enabled !== undefined, 'give active, enabled or both');

/** A systemd unit runs or not, and starts at boot or not. */
export function judgeUnit({ name, active, enabled, on }: z.infer<typeof unitSchema>, { state, machines }: Scene): Verdict {
  const unitName = /\.\w+$/.test(name) ? name : `${name}.service`;
  const wanted = namesOf(on, machines);
  const what = [
    ...(active === undefined ? [] : [active ? 'runs' : 'does not run']),
    ...(enabled === undefined ? [] : [enabled ? 'starts at boot' : 'does not start at boot']),
  ].join(' and ');
  const expectation = `${unitName} ${what} on ${listed(wanted)}`;
  for (const machineName of wanted) {
    const machine = reach(state, machineName);
    if (typeof machine === 'string') return failed(expectation, machine);
    const unit = machine.units[unitName];
    if (unit === undefined) return failed(expectation, `${unitName} was not looked at on ${machineName}.`);
    if (unit.load === 'not-found' && (active === true || enabled === true)) return failed(expectation, `${machineName} has no ${unitName}.`);
    if (active !== undefined && (unit.active === 'active') !== active) return failed(expectation, `On ${machineName} ${unitName} is ${unit.active}.`);
    if (enabled !== undefined && unit.enabled.startsWith('enabled') !== enabled) return failed(expectation, `On ${machineName} ${unitName} is ${unit.enabled || 'not a unit with a file'}.`);
  }
  return passed(expectation, `${unitName} ${what} on ${listed(wanted)}.`);
}
