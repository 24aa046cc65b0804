import * as z from 'zod';
import { failed, listed, namesOf, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const hostsSchema = z.strictObject({
  name: z.string(),
  ip: z.string(),
  on: z.union([z.string(), z.array(z.string()).min(1)]),
});

/** /etc/hosts maps a name to one address and to no other (hosts(5): the first entry wins, a second one misleads). */
export function judgeHosts({ name, ip, on }: z.infer<typeof hostsSchema>, { state, machines }: Scene): Verdict {
  const wanted = namesOf(on, machines);
  const expectation = `/etc/hosts on ${listed(wanted)} says that ${name} is ${ip}`;
  for (const machineName of wanted) {
    const machine = reach(state, machineName);
    if (typeof machine === 'string') return failed(expectation, machine);
    const found = [...new Set(machine.hosts.filter(({ names }) => names.includes(name)).map((entry) => entry.ip))];
    if (found.length === 0) return failed(expectation, `/etc/hosts on ${machineName} has no line for ${name}.`);
    const wrong = found.filter((address) => address !== ip);
    if (wrong.length > 0) {
      return failed(expectation, `/etc/hosts on ${machineName} says that ${name} is ${listed(wrong)}${found.includes(ip) ? `, besides ${ip}: remove that line` : ''}.`);
    }
  }
  return passed(expectation, `${listed(wanted)} know ${name} as ${ip}.`);
}
