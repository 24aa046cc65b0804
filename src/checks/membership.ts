import * as z from 'zod';
import type { CorosyncMember, ReachableMachine } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { nodesOrAllSchema } from './places.ts';
import { failed, listed, nodeNames, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const membershipSchema = z.strictObject({
  nodes: nodesOrAllSchema,
  quorate: z.boolean(),
});

/** Corosync on each of the nodes sees exactly those members, and says whether they have quorum (corosync-quorumtool(8)). */
export function judgeMembership(
  { nodes, quorate }: z.infer<typeof membershipSchema>,
  { state, machines }: Scene,
): Verdict {
  const wanted = nodes === 'all' ? nodeNames(machines) : nodes;
  const quorum = quorate ? 'with quorum' : 'without quorum';
  const expectation = `Corosync on ${listed(wanted)} sees exactly ${listed(wanted)}, ${quorum}`;
  const answering: ReachableMachine[] = [];
  for (const name of wanted) {
    const machine = reach(state, name);
    if (typeof machine === 'string') return failed(expectation, machine);
    answering.push(machine);
  }
  for (const machine of answering) {
    const { name } = machine;
    const { corosync } = machine;
    if (corosync === null) return failed(expectation, whySilent(machine));
    const seen = corosync.members.map((member) => nameOf(member, machines));
    const missing = wanted.filter((other) => !seen.includes(other));
    if (missing.length > 0) {
      return failed(
        expectation,
        `Corosync on ${name} sees only ${listed(seen)}. Is Corosync started on ${listed(missing)}, with the same corosync.conf, and the link between them up?`,
      );
    }
    const strangers = seen.filter((other) => !(wanted as readonly string[]).includes(other));
    if (strangers.length > 0) {
      return failed(expectation, `Corosync on ${name} also sees ${listed(strangers)}.`);
    }
    if (corosync.quorate !== quorate) {
      const { totalVotes, expectedVotes, flags } = corosync;
      const waits =
        !corosync.quorate && flags.includes('WaitForAll')
          ? ' It waits until it has seen all nodes once (wait_for_all).'
          : '';
      return failed(
        expectation,
        `Corosync on ${name} has ${corosync.quorate ? 'quorum' : 'no quorum'}: ${totalVotes} of ${expectedVotes} votes.${waits}`,
      );
    }
  }
  return passed(expectation, `Corosync on ${listed(wanted)} sees ${listed(wanted)}, ${quorum}.`);
}

function whySilent({ name, units, problems }: ReachableMachine): string {
  const unit = units['corosync.service'];
  const problem = problems.find(({ part }) => part === 'corosync');
  if (unit?.active === 'active') {
    return `Corosync on ${name} runs, but does not answer${problem === undefined ? '' : `: ${problem.message}`}.`;
  }
  const shown = unit === undefined ? '' : ` (corosync.service is ${unit.active})`;
  return `Corosync does not run on ${name}${shown}.`;
}

/** The lab's name for a member: corosync-quorumtool prints names or addresses. */
function nameOf({ name }: CorosyncMember, machines: readonly Machine[]): string {
  const plain = name.replace(/\s*\(local\)$/, '');
  const machine = machines.find(
    (candidate) => candidate.ip === plain || candidate.name === plain.split('.')[0],
  );
  return machine?.name ?? plain;
}
