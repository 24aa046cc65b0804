import * as z from 'zod';
import { ipSchema, placesSchema } from './places.ts';
import { failed, listed, misconfigured, namesOf, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const hostsSchema = z.strictObject({
  name: z.string().min(1),
  ip: ipSchema,
  on: placesSchema,
});

/** /etc/hosts maps a name to one address and to no other (hosts(5)): the first line wins, a second one misleads. */
export function judgeHosts(
  { name, ip, on }: z.infer<typeof hostsSchema>,
  { state, machines }: Scene,
): Verdict {
  const wanted = namesOf(on, machines);
  const expectation = `/etc/hosts on ${listed(wanted)} says that ${name} is ${ip}`;
  for (const machineName of wanted) {
    const machine = reach(state, machineName);
    if (typeof machine === 'string') return failed(expectation, machine);
    const lines = machine.hosts.filter(({ names }) =>
      names.some((other) => other.toLowerCase() === name.toLowerCase()),
    );
    const found = [...new Set(lines.map((line) => line.ip))];
    if (found.length === 0) {
      return misconfigured(expectation, `/etc/hosts on ${machineName} has no line for ${name}.`);
    }
    const wrong = found.filter((address) => address !== ip);
    if (wrong.length > 0) {
      const besides = found.includes(ip)
        ? `, besides ${ip}: remove that name there`
        : `, not ${ip}`;
      return misconfigured(
        expectation,
        `/etc/hosts on ${machineName} says that ${name} is ${listed(wrong)}${besides}.`,
      );
    }
  }
  return passed(expectation, `/etc/hosts on ${listed(wanted)} says that ${name} is ${ip}.`);
}
