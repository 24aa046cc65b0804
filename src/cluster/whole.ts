import * as z from 'zod';
import type { ClusterState, ReachableMachine } from './state.ts';

/** What held together in a lab at one moment: who answered, which nodes were online, what DRBD was connected to. */
export const wholenessSchema = z.object({
  answering: z.array(z.string()),
  /** Nodes that Pacemaker saw online. */
  online: z.array(z.string()),
  quorate: z.boolean(),
  /** Connected DRBD resources: "MACHINE RESOURCE PEER". */
  connected: z.array(z.string()),
});

export type Wholeness = z.infer<typeof wholenessSchema>;

const connectionsOf = ({ name, drbd }: ReachableMachine): string[] =>
  drbd.flatMap((resource) =>
    resource.peers
      .filter(({ connection }) => connection === 'Connected')
      .map((peer) => `${name} ${resource.name} ${peer.name}`),
  );

/** What holds together in a state. */
export function wholenessOf(state: ClusterState): Wholeness {
  const answering = Object.values(state.machines).filter((machine) => machine.reachable);
  const nodes = answering.flatMap(({ pacemaker }) => pacemaker?.nodes ?? []);
  return {
    answering: answering.map(({ name }) => name).sort(),
    online: [...new Set(nodes.filter(({ online }) => online).map(({ name }) => name))].sort(),
    quorate: answering.some(({ corosync }) => corosync?.quorate === true),
    connected: answering.flatMap(connectionsOf).sort(),
  };
}

/** What held together once and does not yet in this state, in a sentence; null when all of it does. */
export function missingFrom(wanted: Wholeness, state: ClusterState): string | null {
  const answering = Object.values(state.machines).filter((machine) => machine.reachable);
  for (const name of wanted.answering) {
    const machine = state.machines[name];
    if (machine?.reachable !== true) return `${name} does not answer yet.`;
  }
  const members = answering.filter(({ name }) => wanted.online.includes(name));
  for (const { name, corosync, pacemaker } of members) {
    if (wanted.quorate && corosync?.quorate !== true) return `${name} has no quorum yet.`;
    const gone = wanted.online.find(
      (other) => !pacemaker?.nodes.some((node) => node.name === other && node.online),
    );
    if (gone !== undefined) return `${name} does not see ${gone} online yet.`;
  }
  const connected = new Set(answering.flatMap(connectionsOf));
  const lost = wanted.connected.find((connection) => !connected.has(connection));
  if (lost === undefined) return null;
  const [machine, resource] = lost.split(' ');
  return `DRBD's ${resource} on ${machine} is not connected yet.`;
}
