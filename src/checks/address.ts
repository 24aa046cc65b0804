import * as z from 'zod';
import { clusterView, failed, instancesOf, listed, nodeNames, passed, reach, reachable, type Scene } from './select.ts';
import type { Verdict } from './verdict.ts';

export const addressSchema = z.strictObject({
  ip: z.string(),
  on: z.string(),
  managed: z.boolean().optional(),
});

type Expected = z.infer<typeof addressSchema>;

/** Where an address is, and whether the cluster put it there. */
export function judgeAddress(expected: Expected, scene: Scene): Verdict {
  const { ip, on, managed } = expected;
  const expectation = expectationOf(expected);
  const nodes = nodeNames(scene.machines);
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
    if (silent !== undefined) return failed(expectation, `${silent.name} cannot be reached, so it may still have ${ip}.`);
    return passed(expectation, `No machine has ${ip}.`);
  }
  const [holder] = holders;
  if (holder === undefined) return failed(expectation, `No machine that answers has ${ip}.`);
  const names = [...new Set(holders.map(({ name }) => name))];
  if (names.length > 1) return failed(expectation, `${ip} is on ${where} at once: two machines answer for one address, and clients reach now one, now the other.`);
  if (holders.length > 1) return failed(expectation, `${holder.name} has ${ip} more than once: on ${listed(holders.map(({ device }) => device))}.`);
  if (on !== 'one-node' && holder.name !== on) return failed(expectation, `${ip} is on ${where}, not on ${on}.`);
  if (!nodes.includes(holder.name)) return failed(expectation, `${ip} is on ${where}, which is no node of the cluster.`);
  if (managed === undefined) return passed(expectation, `${ip} is on ${where}.`);
  return managed ? byTheCluster(expected, expectation, holder.name, where, scene) : byHand(expected, expectation, where, scene);
}

function byTheCluster({ ip }: Expected, expectation: string, holder: string, where: string, scene: Scene): Verdict {
  const alone = `${where} has ${ip}, but no cluster resource manages it: an address added by hand stays where it is when its node dies.`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, `${alone} ${view}`);
  const owners = view.cib.resources.filter(({ kind, parameters }) => kind === 'primitive' && parameters['ip']?.trim() === ip);
  if (owners.length === 0) return failed(expectation, alone);
  const instances = owners.flatMap(({ id }) => instancesOf(view.status, id));
  const here = instances.find((instance) => instance.active && !instance.failed && instance.nodes.includes(holder));
  if (here !== undefined) {
    if (!here.managed || here.maintenance) {
      return failed(expectation, `${where} has ${ip} and ${here.id} is started there, but it is unmanaged: the cluster would leave it alone whatever happens.`);
    }
    return passed(expectation, `${where} has ${ip}, put there by ${here.id}.`);
  }
  const running = instances.filter(({ active }) => active).flatMap((instance) => instance.nodes);
  return failed(
    expectation,
    `${where} has ${ip}, but the cluster does not know: ${listed(owners.map(({ id }) => id))} is ${running.length === 0 ? 'not started' : `on ${listed(running)}`}. The address was added by hand.`,
  );
}

function byHand({ ip }: Expected, expectation: string, where: string, scene: Scene): Verdict {
  const view = clusterView(scene);
  const owner = typeof view === 'string' ? undefined : view.cib.resources.find(({ parameters }) => parameters['ip']?.trim() === ip);
  return owner === undefined
    ? passed(expectation, `${where} has ${ip}, added by hand.`)
    : failed(expectation, `${where} has ${ip}, but the cluster resource ${owner.id} manages it. Here it is to be added by hand.`);
}

function expectationOf({ ip, on, managed }: Expected): string {
  const place = on === 'nowhere' ? 'no machine' : on === 'one-node' ? 'exactly one node' : on;
  const how = managed === undefined ? '' : managed ? ', put there by the cluster' : ', added by hand';
  return `${place} has ${ip}${how}`;
}
