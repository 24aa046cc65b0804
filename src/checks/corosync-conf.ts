import * as z from 'zod';
import { failed, listed, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const corosyncConfSchema = z.strictObject({
  nodes: z.array(z.string()).min(1),
  'two-node': z.boolean().optional(),
});

/** corosync.conf: the same file on each node, naming these nodes by their addresses on the cluster network. */
export function judgeCorosyncConf(expected: z.infer<typeof corosyncConfSchema>, { state, machines }: Scene): Verdict {
  const { nodes } = expected;
  const twoNode = expected['two-node'];
  const expectation = `/etc/corosync/corosync.conf is the same on ${listed(nodes)} and lists ${nodes.length === 1 ? 'it' : 'them all'}${twoNode === true ? ', with two_node' : ''}`;
  const sums = new Set<string>();
  for (const name of nodes) {
    const machine = reach(state, name);
    if (typeof machine === 'string') return failed(expectation, machine);
    const conf = machine.corosyncConf;
    if (conf === null) {
      const problem = machine.problems.find(({ part }) => part === 'corosyncConf');
      return failed(expectation, problem === undefined ? `${name} has no /etc/corosync/corosync.conf.` : `corosync.conf on ${name} cannot be read: ${problem.message}.`);
    }
    sums.add(conf.sha256);
    for (const wanted of nodes) {
      const ip = machines.find((candidate) => candidate.name === wanted)?.ip;
      const entry = conf.nodes.find((node) => node.name === wanted);
      if (entry === undefined) return failed(expectation, `corosync.conf on ${name} has no node entry with the name ${wanted}: it names ${listed(conf.nodes.map((node) => node.name || '(no name)'))}.`);
      const usable = entry.addresses.some((address) => address === ip || address === wanted);
      if (!usable) return failed(expectation, `corosync.conf on ${name} gives ${wanted} the address ${listed(entry.addresses)}. Its address on the cluster network is ${ip}.`);
    }
    const strangers = conf.nodes.map((node) => node.name).filter((other) => !nodes.includes(other));
    if (strangers.length > 0) return failed(expectation, `corosync.conf on ${name} also lists ${listed(strangers)}.`);
    if (twoNode !== undefined && conf.twoNode !== twoNode) {
      return failed(expectation, `corosync.conf on ${name} ${conf.twoNode ? 'sets two_node' : 'does not set two_node: 1 in its quorum section: one node alone would have no majority of two'}.`);
    }
  }
  if (sums.size > 1) return failed(expectation, `corosync.conf differs between ${listed(nodes)}. It must be the same file on all nodes.`);
  return passed(expectation, `${listed(nodes)} have the same corosync.conf, which lists ${listed(nodes)}.`);
}
