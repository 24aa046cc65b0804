import * as z from 'zod';
import type { CorosyncMember } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { failed, listed, nodeNames, passed, reach, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const membershipSchema = z.strictObject({
  nodes: z.union([z.literal('all'), z.array(z.string()).min(1)]),
  quorate: z.boolean(),
});

/** Corosync on each of the nodes sees exactly those members, and says whether they have quorum (corosync-quorumtool(8)). */
export function judgeMembership({ nodes, quorate }: z.infer<typeof membershipSchema>, { state, machines }: Scene): Verdict {
  const wanted = nodes === 'all' ? nodeNames(machines) : nodes;
  const expectation = `Corosync sees ${listed(wanted)} as members, ${quorate ? 'quorate' : 'without quorum'}`;
  for (const name of wanted) {
    const machine = reach(state, name);
    if (typeof machine === 'string') return failed(expectation, machine);
    if (machine.corosync === null) {
      const unit = machine.units['corosync.service'];
      return failed(expectation, `Corosync does not run on ${name}${unit === undefined ? '' : ` (corosync.service is ${unit.active})`}.`);
    }
    const seen = machine.corosync.members.map((member) => nameOf(member, machines));
    const missing = wanted.filter((other) => !seen.includes(other));
    const strangers = seen.filter((other) => !wanted.includes(other));
    if (missing.length > 0) return failed(expectation, `Corosync on ${name} sees only ${listed(seen)}: ${listed(missing)} is not there.`);
    if (strangers.length > 0) return failed(expectation, `Corosync on ${name} also sees ${listed(strangers)}.`);
    if (machine.corosync.quorate !== quorate) return failed(expectation, `Corosync on ${name} is ${machine.corosync.quorate ? 'quorate' : 'not quorate'}: ${machine.corosync.totalVotes} of ${machine.corosync.expectedVotes} votes.`);
  }
  return passed(expectation, `Corosync on ${listed(wanted)} sees ${listed(wanted)}, ${quorate ? 'quorate' : 'without quorum'}.`);
}

/** The lab's name for a member: corosync-quorumtool prints names or addresses, sometimes with "(local)" behind. */
function nameOf({ name }: CorosyncMember, machines: readonly Machine[]): string {
  const plain = name.replace(/\s*\(local\)$/, '');
  return machines.find((machine) => machine.ip === plain || machine.name === plain.split('.')[0])?.name ?? plain;
}
