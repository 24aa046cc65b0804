import * as z from 'zod';
import { namesIn, plainClient, plainSource } from './names.ts';
import { machineNames } from './places.ts';
import { failed, listed, nodeNames, passed, reachable, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const exportedSchema = z.strictObject({
  path: z.string().startsWith('/'),
  to: z.string().optional(),
  options: z.array(z.string()).optional(),
  on: z.enum([...machineNames, 'one-node', 'nowhere']),
});

type Expected = z.infer<typeof exportedSchema>;

/** A directory that the kernel's NFS server exports now (/var/lib/nfs/etab, exportfs(8)), whatever is written in /etc/exports. */
export function judgeExported(expected: Expected, scene: Scene): Verdict {
  const { state, machines } = scene;
  const names = namesIn(scene);
  const { path, to, options = [], on } = expected;
  const whom = to === undefined ? '' : ` to ${to}`;
  const having = options.length === 0 ? '' : ` with ${listed(options)}`;
  const where = on === 'nowhere' ? 'no machine' : on === 'one-node' ? 'exactly one node' : on;
  const expectation = `${capital(where)} exports ${path}${whom}${having}`;
  const all = reachable(state).flatMap(({ name, exports }) =>
    exports
      .filter((entry) => plainSource(entry.path, names) === plainSource(path, names))
      .map((entry) => ({ name, ...entry })),
  );
  const servers = [...new Set(all.map(({ name }) => name))];
  const shown =
    servers.length === 0
      ? `${path} is exported by no machine.`
      : `${path} is exported by ${listed(servers)}.`;
  if (on === 'nowhere')
    return servers.length === 0 ? passed(expectation, shown) : failed(expectation, shown);
  const wanted =
    on === 'one-node'
      ? servers.filter((name) => nodeNames(machines).includes(name))
      : servers.filter((name) => name === on);
  const [only] = wanted;
  if (only === undefined || wanted.length > 1) return failed(expectation, shown);
  const entries = all.filter(({ name }) => name === only);
  const [first] = entries;
  const fitting = entries.filter(
    ({ client }) => to === undefined || plainClient(client, names) === plainClient(to, names),
  );
  if (fitting.length === 0) {
    return failed(
      expectation,
      `${only} exports ${path} to ${listed(entries.map(({ client }) => client))}, not to ${to}.`,
    );
  }
  const lacking = options.filter(
    (option) => !fitting.some((entry) => entry.options.includes(option)),
  );
  if (lacking.length > 0) {
    return failed(
      expectation,
      `${only} exports ${path} without ${listed(lacking)} (its options: ${first?.options.join(',')}).`,
    );
  }
  return passed(
    expectation,
    `${only} exports ${path} to ${listed(fitting.map(({ client }) => client))}.`,
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
