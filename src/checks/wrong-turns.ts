import type { Cib, ReachableMachine } from '../cluster/state.ts';
import { unitsOf } from './agents.ts';
import { isFencingOn } from './cluster-options.ts';
import {
  type ClusterView,
  clusterView,
  listed,
  nodeNames,
  reachable,
  type Scene,
} from './select.ts';
import { truth } from './settings.ts';

/**
 * Wrong turns that administrators really take, whatever the lesson: each a sentence that names it, says
 * why it hurts and what to do. Told beside a check that failed, for it may be the cause. [] when there is none.
 */
export function wrongTurns(scene: Scene): string[] {
  const nodes = reachable(scene.state).filter(({ name }) =>
    nodeNames(scene.machines).includes(name),
  );
  const view = clusterView(scene);
  const configured =
    typeof view === 'string'
      ? []
      : [
          ...fencingOff(view, nodes),
          ...quorumIgnored(view.cib),
          ...maintained(view.cib),
          ...leftByMoves(view.cib),
          ...besideTheCluster(view.cib, nodes),
        ];
  return [...configured, ...ownServersClient(reachable(scene.state)), ...notInSync(nodes)];
}

/** A false stonith-enabled is what a new cluster has in the first lessons; with fencing set up it is a relapse. */
function fencingOff({ cib, status }: ClusterView, nodes: readonly ReachableMachine[]): string[] {
  if (isFencingOn(cib, status)) return [];
  const device = cib.resources.find(({ agent }) => agent.startsWith('stonith:'));
  const sbd = nodes.some(({ units }) => units['sbd.service']?.active === 'active');
  if (device === undefined && !sbd) return [];
  const what = device === undefined ? 'SBD runs' : `there is the fence device ${device.id}`;
  return [
    `Fencing is turned off (stonith-enabled is false) although ${what}. A node that does not answer is then taken for dead, and both may write. Turn it on again: crm_attribute --name stonith-enabled --update true.`,
  ];
}

/** Pacemaker Explained, "no-quorum-policy"; two_node makes it unnecessary. */
function quorumIgnored({ properties }: Cib): string[] {
  if (properties['no-quorum-policy'] !== 'ignore') return [];
  return [
    'no-quorum-policy is ignore: a part of the cluster without quorum goes on as if it were alone in the world. With two nodes corosync.conf has two_node for that. Take it away: crm_attribute --name no-quorum-policy --delete.',
  ];
}

/** Pacemaker Explained, "maintenance-mode": the cluster neither starts, stops nor monitors anything. */
function maintained({ properties }: Cib): string[] {
  if (truth(properties['maintenance-mode'] ?? 'false') !== true) return [];
  return [
    'The whole cluster is in maintenance mode: nothing is started, stopped or watched, and what crm_mon shows may be hours old. End it: crm_attribute --name maintenance-mode --delete.',
  ];
}

function leftByMoves({ constraints }: Cib): string[] {
  return constraints.flatMap(({ id, attributes }) => {
    if (!/^cli-(ban|prefer)-/.test(id)) return [];
    const { rsc = '' } = attributes;
    return [
      `A manual move left the constraint ${id}: ${rsc} is not free to go where it is needed. Clear it: crm_resource --clear --resource ${rsc}.`,
    ];
  });
}

function besideTheCluster({ resources }: Cib, nodes: readonly ReachableMachine[]): string[] {
  return resources.flatMap(({ id, agent, parameters }) =>
    unitsOf(agent, parameters).flatMap((unit) => {
      const on = nodes
        .filter(({ units }) => /^enabled/.test(units[unit]?.enabled ?? ''))
        .map(({ name }) => name);
      if (on.length === 0) return [];
      return [
        `${unit} starts at boot on ${listed(on)}, beside the cluster, which runs the same as ${id}: after a reboot it would run twice. On ${listed(on)}: systemctl disable --now ${unit}.`,
      ];
    }),
  );
}

/** An NFS client on its own server locks up when memory runs short, and cannot fail over: server and client wait for each other. */
function ownServersClient(machines: readonly ReachableMachine[]): string[] {
  return machines.flatMap(({ name, mounts, addresses, hosts }) =>
    mounts
      .filter(({ type }) => /^nfs4?$/.test(type))
      .flatMap(({ source, target }) => {
        const server = source.slice(0, source.indexOf(':'));
        const ips = [
          server,
          ...hosts.filter(({ names }) => names.includes(server)).map(({ ip }) => ip),
        ];
        const own =
          addresses.some(({ ip }) => ips.includes(ip)) || ips.some((ip) => ip.startsWith('127.'));
        if (!own) return [];
        return [
          `${name} mounts ${source} from itself on ${target}: an NFS server must not be its own client. When it stops, each waits for the other. Unmount it there: umount ${target}.`,
        ];
      }),
  );
}

function notInSync(nodes: readonly ReachableMachine[]): string[] {
  return nodes.flatMap(({ name, drbd }) =>
    drbd.flatMap(({ name: resource, volumes, peers }) => {
      if (peers.some(({ connection }) => connection === 'StandAlone')) {
        return [
          `DRBD on ${name} has given up its peer (${resource} is StandAlone): both sides may have changed. See: journalctl -k | grep -i split-brain.`,
        ];
      }
      const syncing = peers.some((peer) =>
        [peer.connection, ...peer.volumes.map(({ replication }) => replication)].some((word) =>
          /^(Paused)?Sync/.test(word),
        ),
      );
      const raw = volumes.find(({ disk }) => disk === 'Inconsistent');
      if (raw === undefined || syncing) return [];
      return [
        `DRBD's disk on ${name} is Inconsistent (${resource}): it was never in sync, and ${name} cannot take over. See: cat /proc/drbd.`,
      ];
    }),
  );
}
