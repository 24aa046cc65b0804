import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import { notLookedAfter, notStarted, uncertain } from './health.ts';
import { ipSchema, machineNames } from './places.ts';
import {
  activeNodes,
  clusterDevice,
  clusterView,
  failed,
  listed,
  nodeNames,
  nodeViews,
  passed,
  reach,
  reachable,
  type Scene,
} from './select.ts';
import type { Verdict } from './verdict.ts';

export const addressSchema = z.strictObject({
  ip: ipSchema,
  on: z.enum([...machineNames, 'one-node', 'nowhere']),
  managed: z.boolean().optional(),
});

type Expected = z.infer<typeof addressSchema>;

/** Agents that put an address on a node, all of them by the parameter `ip`. */
const addressAgents = ['ocf:heartbeat:IPaddr2', 'ocf:heartbeat:IPaddr'];

/** Where an address is, and whether the cluster put it there. */
export function judgeAddress(expected: Expected, scene: Scene): Verdict {
  const { ip, on, managed } = expected;
  const expectation = expectationOf(expected);
  if (on !== 'one-node' && on !== 'nowhere') {
    const machine = reach(scene.state, on);
    if (typeof machine === 'string') return failed(expectation, machine);
  }
  const holders = reachable(scene.state).flatMap(({ name, addresses }) =>
    addresses.filter((address) => address.ip === ip).map(({ device }) => ({ name, device })),
  );
  const where = listed(holders.map(({ name, device }) => `${name} (${device})`));
  if (on === 'nowhere') {
    const silent = Object.values(scene.state.machines).find((machine) => !machine.reachable);
    if (holders.length > 0) return failed(expectation, `${ip} is still on ${where}.`);
    if (silent === undefined) return passed(expectation, `No machine has ${ip}.`);
    return failed(expectation, `${silent.name} cannot be reached, so it may still have ${ip}.`);
  }
  const [holder] = holders;
  if (holder === undefined) return failed(expectation, `No machine that answers has ${ip}.`);
  if (holders.some(({ name }) => name !== holder.name)) {
    return failed(
      expectation,
      `${ip} is on ${where} at once: two machines answer for one address, and clients reach now one, now the other.`,
    );
  }
  if (holders.length > 1) {
    const devices = listed(holders.map(({ device }) => device));
    return failed(expectation, `${holder.name} has ${ip} more than once: on ${devices}.`);
  }
  if (on !== 'one-node' && holder.name !== on) {
    return failed(expectation, `${ip} is on ${where}, not on ${on}.`);
  }
  if (on === 'one-node' && !nodeNames(scene.machines).includes(holder.name)) {
    return failed(expectation, `${ip} is on ${where}, which is no node of the cluster.`);
  }
  const found = `${holder.name} has ${ip} on ${holder.device}`;
  const machine = reach(scene.state, holder.name);
  const right = typeof machine === 'string' ? undefined : clusterDevice(machine, scene.machines);
  if (right !== undefined && right !== holder.device) {
    return failed(
      expectation,
      `${found}, which does not lead to the cluster network: no client is told where it is. The network is on ${right}.`,
    );
  }
  if (managed === undefined) return passed(expectation, `${found}.`);
  const problem = managed
    ? notByTheCluster(ip, holder.name, scene)
    : notByHand(ip, holder.name, scene);
  if (problem !== null) return failed(expectation, `${found}${problem}`);
  const [owner] = ownersOf(ip, scene);
  return passed(
    expectation,
    `${found}, ${managed ? `put there by ${owner?.id}` : 'added by hand'}.`,
  );
}

/** The primitives that are there to put up the address, in the configuration of any node that answers. */
function ownersOf(ip: string, { state }: Scene): CibResource[] {
  const all = reachable(state).flatMap(({ cib }) => cib?.resources ?? []);
  const owners = all.filter(
    ({ agent, parameters }) => addressAgents.includes(agent) && parameters.ip?.trim() === ip,
  );
  return owners.filter(({ id }, index) => owners.findIndex((other) => other.id === id) === index);
}

/** Why the address is not the cluster's work, to go on after "node1 has it"; null when it is. */
function notByTheCluster(ip: string, holder: string, scene: Scene): string | null {
  const byHand =
    ', but no cluster resource manages it: an address added by hand stays behind when the node dies.';
  const view = clusterView(scene);
  if (typeof view === 'string') {
    return pacemakerRuns(scene)
      ? `. Whether the cluster put it there is not known. ${view}`
      : byHand;
  }
  const owners = ownersOf(ip, scene);
  const [owner] = owners;
  if (owner === undefined) {
    const pretender = view.cib.resources.find(({ parameters }) => parameters.ip?.trim() === ip);
    if (pretender === undefined) return byHand;
    return `${byHand} ${pretender.id} has that ip, but its agent ${pretender.agent} sets up no address.`;
  }
  if (owners.length > 1) {
    return `, but two resources fight over it, ${listed(owners.map(({ id }) => id))}: keep one.`;
  }
  const unstarted = notStarted(owner, view);
  if (unstarted !== null) {
    return `, but the cluster did not put it there. ${unstarted} The address was added by hand.`;
  }
  const nodes = activeNodes(view.status, owner.id);
  if (!nodes.includes(holder)) {
    return `, but ${owner.id} is started on ${listed(nodes)}: the address on ${holder} was added by hand.`;
  }
  const unwell = notLookedAfter(owner, view) ?? uncertain(owner, view, scene);
  return unwell === null ? null : `, put there by ${owner.id}. But: ${unwell}`;
}

/** Why the address was not added by hand, to go on after "node1 has it"; null when it was. */
function notByHand(ip: string, holder: string, scene: Scene): string | null {
  const [owner] = ownersOf(ip, scene);
  if (owner !== undefined) {
    return `, but the cluster resource ${owner.id} is there for it. Here ${holder} is to get it by hand, with ip address add.`;
  }
  if (nodeViews(scene).length > 0 || !pacemakerRuns(scene)) return null;
  return '. Whether the cluster put it there is not known: Pacemaker runs, but does not answer.';
}

const pacemakerRuns = ({ state }: Scene): boolean =>
  reachable(state).some(({ units }) => units['pacemaker.service']?.active === 'active');

function expectationOf({ ip, on, managed }: Expected): string {
  const place = on === 'nowhere' ? 'no machine' : on === 'one-node' ? 'exactly one node' : on;
  const how =
    managed === undefined ? '' : managed ? ', put there by the cluster' : ', added by hand';
  return `${place} has ${ip}${how}`;
}
