/**
 * What a learner can break by `halab fault`. A kind is either a script for the machine or something
 * that is done to the machine from outside, by its hypervisor.
 */
export interface FaultKind {
  /** What happens, in a sentence. */
  readonly does: string;
  /** What to expect of the cluster, and what to look at. */
  readonly expect: string;
  readonly how: Outside | Inside;
  /** Seconds after which it is undone by itself, also when halab is gone by then; null: it stands until it is undone. */
  readonly lasts: number | null;
}

/** Done by the hypervisor. `start-again`: undoing also starts the cluster's services that ran before. */
export interface Outside {
  readonly outside: 'power-off' | 'hang' | 'unplug';
}

/** Done by a script on the machine, as root. `end` must do no harm when there is nothing to end. */
export interface Inside {
  readonly begin: string;
  readonly end: string;
  /** Undoing also starts the cluster's services that ran before the fault. */
  readonly startAgain?: true;
}

/** What scripts of faults are told of the lab, as variables of the shell. */
export interface FaultScene {
  /** Device of the cluster network. */
  readonly device: string;
  /** Full name of a systemd unit, for stop-service. */
  readonly unit: string;
  /** File of a resource agent, for slow-stop. */
  readonly agent: string;
}

const table = 'inet halab_fault';
const firewall = (rules: string): Inside => ({
  begin: `nft -f - <<END
table ${table} {
${rules}
}
END`,
  end: `nft delete table ${table} 2>/dev/null || true`,
});
const dropIn = 'chain in { type filter hook input priority -300; iifname "$device" drop; }';
const dropOut = 'chain out { type filter hook output priority -300; oifname "$device" drop; }';

const netem = (how: string): Inside => ({
  begin: `tc qdisc replace dev "$device" root netem ${how}`,
  end: 'tc qdisc del dev "$device" root 2>/dev/null || true',
});

/** Kills a daemon by the end of its program's name: the kernel's short names are cut off. */
const kill = (daemon: string): Inside => ({
  begin: `pkill -KILL -f '/${daemon}( |$)'`,
  end: 'true',
  startAgain: true,
});
const killedDaemon = (daemon: string, expect: string): FaultKind => ({
  does: `Kills ${daemon} with SIGKILL.`,
  expect,
  how: kill(daemon),
  lasts: null,
});

const respawned =
  'pacemakerd starts it again within seconds (pacemakerd(8)). Look: journalctl -u pacemaker';

/** All kinds, by the name that is typed. */
const kinds = {
  'power-off': {
    does: 'Cuts the power: nothing is flushed, nobody is told.',
    expect:
      'The other node misses it after the token timeout, and takes over once it is fenced (at once where fencing is off).',
    how: { outside: 'power-off' },
    lasts: null,
  },
  crash: {
    does: 'Crashes the kernel (sysrq c). It hangs for 20 s and then boots.',
    expect:
      'As with a power cut. The node comes back by itself, without the cluster unless its services are enabled.',
    how: {
      begin:
        'sysctl -q kernel.panic=20 kernel.sysrq=1; systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms sh -c "echo c > /proc/sysrq-trigger"',
      end: 'true',
      startAgain: true,
    },
    lasts: null,
  },
  hang: {
    does: 'Stops the machine in the middle of an instruction; then it runs on as if nothing had been.',
    expect:
      'The cluster takes over. When the node wakes it still believes to be active: without fencing both are, for a moment.',
    how: { outside: 'hang' },
    lasts: 120,
  },
  unplug: {
    does: 'Pulls the cable of the cluster network. ssh still works.',
    expect:
      'Each node sees the other vanish. Who has quorum goes on; with two_node both do, and only fencing decides.',
    how: { outside: 'unplug' },
    lasts: 120,
  },
  block: {
    does: 'Drops all packets of the cluster network, in and out.',
    expect: 'As with a pulled cable, but the link stays up: nothing on the node can see the cause.',
    how: firewall(`  ${dropIn}\n  ${dropOut}`),
    lasts: 120,
  },
  'block-in': {
    does: 'Drops what comes in from the cluster network; what goes out still goes.',
    expect:
      'The node hears nobody, and the others hear it. knet wants answers in both directions, so the link counts as down.',
    how: firewall(`  ${dropIn}`),
    lasts: 120,
  },
  'block-out': {
    does: 'Drops what goes out to the cluster network; what comes in still comes.',
    expect:
      'The others hear nothing of the node, and it hears them. Corosync takes the link for down.',
    how: firewall(`  ${dropOut}`),
    lasts: 120,
  },
  delay: {
    does: 'Delays all that leaves for the cluster network by 300 ms, give or take 100 ms.',
    expect: 'The cluster stands it: the token timeout is longer. DRBD writes become slow.',
    how: netem('delay 300ms 100ms'),
    lasts: 300,
  },
  loss: {
    does: 'Loses 30 % of the packets that leave for the cluster network.',
    expect: 'Corosync sends again; look at the retransmit list in its log. Membership may flap.',
    how: netem('loss 30%'),
    lasts: 300,
  },
  'kill-corosync': killedDaemon(
    'corosync',
    'Pacemaker on that node ends too: without membership it may not act. The other node takes over.',
  ),
  'kill-controld': killedDaemon('pacemaker-controld', respawned),
  'kill-based': killedDaemon('pacemaker-based', respawned),
  'kill-execd': killedDaemon('pacemaker-execd', respawned),
  'kill-fenced': killedDaemon('pacemaker-fenced', respawned),
  'kill-attrd': killedDaemon('pacemaker-attrd', respawned),
  'fill-disk': {
    does: 'Fills the root filesystem to the last block.',
    expect:
      'Logs end, and the CIB can no longer be written: a change of the configuration fails on that node.',
    how: {
      begin: `free=$(( $(stat -f -c '%f * %S' /) ))
for spare in 0 4 16 64; do
  fallocate -l $(( free - spare * 1048576 )) /var/halab-fault-fill && break
done
dd if=/dev/zero of=/var/halab-fault-rest bs=64k 2>/dev/null || true
[ -s /var/halab-fault-fill ]`,
      end: 'rm -f /var/halab-fault-fill /var/halab-fault-rest',
    },
    lasts: 300,
  },
  'stop-service': {
    does: "Stops a service behind the cluster's back (--unit NAME).",
    expect: 'The next monitor of its resource fails, and the cluster starts it again or moves it.',
    how: { begin: 'systemctl stop "$unit"', end: 'true' },
    lasts: null,
  },
  'detach-disk': {
    does: 'Takes the disk away from DRBD on that machine.',
    expect:
      'DRBD goes on diskless: it reads and writes over the network. Look at the disk state: cat /proc/drbd',
    how: { begin: 'drbdadm detach --force all', end: 'drbdadm attach all 2>/dev/null || true' },
    lasts: null,
  },
  'slow-stop': {
    does: 'Makes the stop operation of a running resource hang for ten minutes.',
    expect:
      'A move of the resource waits for the stop timeout, and the stop fails: blocked without fencing, the node fenced with it.',
    how: {
      begin: `mkdir -p /var/lib/halab
cp "$agent" /var/lib/halab/agent
printf '#!/bin/sh\\n[ "$1" != stop ] || sleep 600\\nexec /var/lib/halab/agent "$@"\\n' > /var/lib/halab/slow
chmod 755 /var/lib/halab/slow
mount --bind /var/lib/halab/slow "$agent"`,
      end: 'while umount "$agent" 2>/dev/null; do :; done',
    },
    lasts: 600,
  },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof kinds;

/** Names of all kinds. */
export const faultNames = Object.keys(kinds) as FaultName[];

export const faultKind = (name: FaultName): FaultKind => kinds[name];

export const isInside = (how: Inside | Outside): how is Inside => 'begin' in how;

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const variablesOf = (scene: FaultScene): string =>
  `device=${word(scene.device)} unit=${word(scene.unit)} agent=${word(scene.agent)}`;

/** The name of the timer on the machine that undoes a fault. */
const timerOf = (kind: FaultName): string => `halab-undo-${kind}`;

/** The script that begins a fault; where it lasts for a time only, the timer that ends it is armed first. */
export function beginScript(kind: FaultName, scene: FaultScene, lasts: number | null): string {
  const { how } = kinds[kind] as FaultKind;
  if (!isInside(how)) throw new Error(`${kind} is no script`);
  const end = `${variablesOf(scene)}; ${how.end}`;
  const arm =
    lasts === null
      ? ''
      : `systemctl stop ${timerOf(kind)}.timer 2>/dev/null
systemd-run --quiet --unit=${timerOf(kind)} --on-active=${lasts} --timer-property=AccuracySec=1s bash -c ${word(end)} || exit 1\n`;
  return `${variablesOf(scene)}\n${arm}set -e\n${how.begin}\n`;
}

/** The script that ends a fault before its time. */
export function endScript(kind: FaultName, scene: FaultScene): string {
  const { how } = kinds[kind] as FaultKind;
  if (!isInside(how)) throw new Error(`${kind} is no script`);
  return `${variablesOf(scene)}\n${how.end}\nsystemctl stop ${timerOf(kind)}.timer 2>/dev/null || true\n`;
}
