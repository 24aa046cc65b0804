import type { ClusterState, ReachableMachine } from '../cluster/state.ts';
import type { Finding } from '../host/findings.ts';
import type { Machine } from '../lab/machine.ts';
import type { PowerState } from '../lab/providers/provider.ts';
import type { Unreadable, Vitals } from './vitals.ts';

/** What is looked at when a lab is diagnosed. */
export interface LabView {
  readonly machines: readonly Machine[];
  readonly power: Readonly<Record<string, PowerState>>;
  readonly state: ClusterState;
  /** By machine; none for one that does not answer. */
  readonly vitals: Readonly<Record<string, Vitals | Unreadable>>;
}

/** Free space on / below which services fail, in MiB. */
const leastFree = 50;

/** Seconds that a clock may be off; software emulation alone makes it drift by some. */
const mostOff = 5;

/** What is wrong with a lab's machines and its cluster, each with the fix; one finding that is ok when nothing is. */
export function diagnose(view: LabView): Finding[] {
  const troubles = view.machines.flatMap(({ name }) => troublesOf(name, view));
  const all = [...troubles, ...clusterTroubles(view)];
  return all.length > 0
    ? all
    : [
        {
          id: 'lab',
          title: 'The lab',
          status: 'ok',
          found: 'all machines run and answer, and nothing in the cluster is blocked',
          needed: '',
          fix: null,
        },
      ];
}

function trouble(
  id: string,
  title: string,
  found: string,
  needed: string,
  explain: string,
  ...commands: string[]
): Finding {
  return { id, title, status: 'warning', found, needed, fix: { explain, packages: [], commands } };
}

function troublesOf(name: string, { power, state, vitals }: LabView): Finding[] {
  const stands = power[name] ?? 'absent';
  if (stands === 'absent')
    return [
      trouble(
        'absent',
        name,
        'the machine is gone',
        'a machine',
        'Make it anew; what was on it is lost. To have all machines at the start of your lesson again, reset.',
        'halab up',
        'halab reset',
      ),
    ];
  if (stands === 'off')
    return [trouble('off', name, 'powered off', 'a machine that runs', 'Start it.', 'halab up')];
  if (stands === 'paused')
    return [
      trouble(
        'paused',
        name,
        'paused: it stands still',
        'a machine that runs',
        'If it was a fault of yours, undo it; otherwise let it run on.',
        'halab fault --undo',
        'halab up',
      ),
    ];
  const machine = state.machines[name];
  if (machine?.reachable !== true)
    return [
      trouble(
        'unreachable',
        name,
        `runs and does not answer: ${machine?.reason ?? 'it was not asked'}`,
        'a machine that answers over ssh',
        'Give it a minute if it is booting. If it stays so, go back to the start of the lesson.',
        'halab up',
        'halab reset',
      ),
    ];
  return insideTroubles(machine, vitals[name]);
}

function insideTroubles(
  machine: ReachableMachine,
  told: Vitals | Unreadable | undefined,
): Finding[] {
  const { name } = machine;
  const found: Finding[] = [];
  const vitals = told !== undefined && 'unreadable' in told ? undefined : told;
  if (told !== undefined && 'unreadable' in told) {
    found.push(
      trouble(
        'vitals',
        name,
        `is sick: it cannot tell its free space and its packages (${told.unreadable})`,
        'a machine that can run a program',
        'Look at what its kernel said last. If nothing helps, go back to the start of the lesson.',
        `halab shell ${name} -- sudo dmesg`,
        'halab reset',
      ),
    );
  }
  if (vitals !== undefined && vitals.freeMiB < leastFree) {
    found.push(
      trouble(
        'disk',
        name,
        `its disk is full: ${vitals.freeMiB} MiB are free`,
        `${leastFree} MiB or more`,
        'Undo the fault if you filled it. Otherwise see what is large, or go back.',
        'halab fault --undo',
        `halab shell ${name} -- sudo du -xhd2 / | sort -h | tail`,
        'halab reset',
      ),
    );
  }
  const missing = vitals?.missingPackages ?? [];
  if (missing.length > 0) {
    found.push(
      trouble(
        'packages',
        name,
        `not installed any more: ${missing.join(', ')}`,
        'the packages of the box',
        'The machines have no internet to install them from: go back.',
        'halab reset',
      ),
    );
  }
  const off = Math.round(machine.clockOffsetMs / 1000);
  if (Math.abs(off) > mostOff) {
    found.push(
      trouble(
        'clock',
        name,
        `its clock is ${Math.abs(off)} s ${off < 0 ? 'behind' : 'ahead'}`,
        `at most ${mostOff} s`,
        'Logs of several machines are hard to compare then. Set it.',
        `halab shell ${name} -- sudo date --set=@$(date +%s)`,
      ),
    );
  }
  const unread = machine.problems.find(({ part }) => part === 'corosyncConf');
  const conf =
    unread === undefined ? machine.corosyncConf?.flaw : `cannot be read: ${unread.message}`;
  if (conf != null) {
    found.push(
      trouble(
        'corosync-conf',
        name,
        `corosync.conf ${conf}`,
        'a file that Corosync takes',
        'Mend that line, or go back.',
        `halab shell ${name} -- sudo corosync -t`,
        'halab reset',
      ),
    );
  }
  const failed = Object.entries(machine.units).filter(([, { active }]) => active === 'failed');
  for (const [unit] of failed) {
    found.push(
      trouble(
        'unit',
        name,
        `${unit} has failed`,
        'a service that runs or was stopped',
        'Its log says why.',
        `halab shell ${name} -- sudo journalctl -u ${unit} -n 30`,
      ),
    );
  }
  return found;
}

/** What is wrong with the cluster as a whole, as the first node that answers sees it. */
function clusterTroubles({ state }: LabView): Finding[] {
  const nodes = Object.values(state.machines).filter((machine) => machine.reachable);
  const found: Finding[] = [];
  const sums = new Set(nodes.flatMap(({ corosyncConf }) => corosyncConf?.sha256 ?? []));
  if (sums.size > 1) {
    found.push(
      trouble(
        'corosync-conf-differs',
        'Cluster',
        'corosync.conf is not the same on all nodes',
        'the same file everywhere',
        'Compare the two, and copy the right one over.',
        'halab shell node1 -- cat /etc/corosync/corosync.conf',
        'halab shell node2 -- cat /etc/corosync/corosync.conf',
      ),
    );
  }
  const view = nodes.find(({ pacemaker }) => pacemaker !== null);
  if (view?.pacemaker == null) return found;
  const { pacemaker, name } = view;
  if (!pacemaker.quorate) {
    found.push(
      trouble(
        'quorum',
        'Cluster',
        `${name} has no quorum, so it may not start anything`,
        'the majority of the votes',
        'Start the cluster on the other node, or mend the link between them.',
        'halab status',
        `halab shell ${name} -- sudo corosync-quorumtool`,
      ),
    );
  }
  for (const node of pacemaker.nodes.filter(({ unclean }) => unclean)) {
    found.push(
      trouble(
        'unclean',
        'Cluster',
        `${node.name} is UNCLEAN: nobody knows what it is doing, and it has not been fenced`,
        'a node that is known to be up or down',
        'Until it is, its resources stay where they are. Bring it back, or confirm that it is off.',
        'halab up',
        `halab shell ${name} -- sudo stonith_admin --confirm ${node.name}`,
      ),
    );
  }
  for (const resource of pacemaker.resources.filter(({ blocked }) => blocked)) {
    found.push(
      trouble(
        'blocked',
        'Cluster',
        `${resource.id} is blocked: the cluster does not touch it any more`,
        'a resource that the cluster may touch',
        pacemaker.failures.some((one) => one.resource === resource.id && one.operation === 'stop')
          ? 'Its stop has failed. Stop it by hand, then have the failure forgotten.'
          : 'crm_mon shows why: what failed (on-fail=block), or that it is active on several nodes (multiple-active=block). Mend that, then have the failure forgotten.',
        `halab shell ${name} -- sudo crm_mon -1`,
        `halab shell ${name} -- sudo crm_resource --cleanup --resource ${resource.id}`,
      ),
    );
  }
  return found;
}
