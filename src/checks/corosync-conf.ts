import * as z from 'zod';
import type { CorosyncConf, ReachableMachine } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { nodesSchema } from './places.ts';
import { failed, listed, misconfigured, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const corosyncConfSchema = z.strictObject({
  nodes: nodesSchema,
  'two-node': z.boolean().optional(),
});

type Expected = z.infer<typeof corosyncConfSchema>;

/** corosync.conf(5): the same file on each node, naming these nodes by their addresses on the cluster network. */
export function judgeCorosyncConf(expected: Expected, { state, machines }: Scene): Verdict {
  const { nodes } = expected;
  const twoNode = expected['two-node'] === true ? ', with two_node' : '';
  const expectation = `/etc/corosync/corosync.conf is the same on ${listed(nodes)} and names ${listed(nodes)}${twoNode}`;
  const sums = new Set<string>();
  for (const name of nodes) {
    const machine = reach(state, name);
    if (typeof machine === 'string') return failed(expectation, machine);
    const conf = machine.corosyncConf;
    if (conf === null) return misconfigured(expectation, whyNone(machine));
    sums.add(conf.sha256);
    const wrong = wrongIn(conf, expected, machine, machines);
    if (wrong !== null) return misconfigured(expectation, `corosync.conf on ${name} ${wrong}.`);
  }
  if (sums.size > 1) {
    return misconfigured(
      expectation,
      `corosync.conf differs between ${listed(nodes)}. It must be the same file on all nodes.`,
    );
  }
  return passed(
    expectation,
    `corosync.conf is the same on ${listed(nodes)}, and names ${listed(nodes)}.`,
  );
}

function whyNone({ name, problems }: ReachableMachine): string {
  const problem = problems.find(({ part }) => /^corosync[.-]?conf$/i.test(part));
  if (problem === undefined) return `${name} has no /etc/corosync/corosync.conf.`;
  return `corosync.conf on ${name} cannot be read: ${problem.message}. After mending: corosync -t.`;
}

/** What is wrong in a file, to go on after its name; null when nothing is. */
function wrongIn(
  conf: CorosyncConf,
  expected: Expected,
  machine: ReachableMachine,
  machines: readonly Machine[],
): string | null {
  if (conf.flaw !== null) return conf.flaw;
  const listedNames = conf.nodes.map((node) => node.name);
  for (const wanted of expected.nodes) {
    const entry = conf.nodes.find((node) => node.name === wanted);
    if (entry === undefined)
      return `has no node with the name ${wanted}: it names ${listed(listedNames)}`;
    const ip = machines.find((candidate) => candidate.name === wanted)?.ip;
    const addresses = entry.addresses.map((address) => resolved(address, machine));
    if (!addresses.some((address) => address === ip)) {
      const shown = entry.addresses.map((address, index) =>
        address === addresses[index] ? address : `${address} (${addresses[index]} by /etc/hosts)`,
      );
      return `gives ${wanted} the address ${listed(shown)}; on the cluster network it is ${ip}`;
    }
  }
  const strangers = listedNames.filter(
    (name) => !(expected.nodes as readonly string[]).includes(name),
  );
  if (strangers.length > 0) return `also names ${listed(strangers)}`;
  const twice = listedNames.find((name, index) => listedNames.indexOf(name) !== index);
  if (twice !== undefined) return `has two nodes with the name ${twice}`;
  const twoNode = expected['two-node'];
  if (twoNode === undefined || conf.twoNode === twoNode) return null;
  return conf.twoNode
    ? 'sets two_node, which is for clusters of two nodes without another vote'
    : 'does not set "two_node: 1" in its quorum section: one node of two alone would have no quorum';
}

/** The address that a name in corosync.conf means on the machine: the first line of /etc/hosts that has it. */
const resolved = (address: string, { hosts }: ReachableMachine): string =>
  hosts.find(({ names }) => names.includes(address))?.ip ?? address;
