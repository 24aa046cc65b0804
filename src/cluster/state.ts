/**
 * What was seen on the machines of a lab at one moment. Plain, immutable data: `observe` makes it,
 * checks judge it, fixtures store it. Nothing in it is an opinion.
 */

export interface ClusterState {
  /** Host clock, milliseconds since the epoch, when the last machine had answered. */
  readonly observedAt: number;
  readonly machines: Readonly<Record<string, MachineState>>;
}

export type MachineState = UnreachableMachine | ReachableMachine;

export interface UnreachableMachine {
  readonly name: string;
  readonly reachable: false;
  /** Why, in a few words for a person: "connection refused", "no answer within 5 s". */
  readonly reason: string;
}

export interface ReachableMachine {
  readonly name: string;
  readonly reachable: true;
  /** What the kernel calls the machine (hostname(1)). */
  readonly hostname: string;
  readonly addresses: readonly Address[];
  readonly hosts: readonly HostsEntry[];
  readonly mounts: readonly Mount[];
  readonly exports: readonly NfsExport[];
  /** Keyed by full unit name: "corosync.service". Only the units that `observe` asks about. */
  readonly units: Readonly<Record<string, Unit>>;
  /** null: Corosync does not run here, does not answer, or was not asked (ObserveOptions.ring). */
  readonly corosync: CorosyncState | null;
  /** The file /etc/corosync/corosync.conf as it stands, running or not; null: no such file. */
  readonly corosyncConf: CorosyncConf | null;
  /** crm_mon's view, of the DC where this node follows it (ObserveOptions.dc); null: Pacemaker does not run here or does not answer. */
  readonly pacemaker: PacemakerStatus | null;
  /** The CIB as this node has it, or the DC as above; null as for `pacemaker`. */
  readonly cib: Cib | null;
  readonly drbd: readonly DrbdResource[];
  /** What commands printed that the observation was asked to run, by the command. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** Machine's clock minus host's clock, in milliseconds. */
  readonly clockOffsetMs: number;
  /** Parts that could not be read, each with the reason; the rest of the state still holds. */
  readonly problems: readonly Problem[];
}

/** What a command printed, its standard error among it. */
export interface Answer {
  readonly output: string;
  /** null: it was ended, because it took too long. */
  readonly exitCode: number | null;
}

export interface Problem {
  /** The part of the state, e.g. "cib", "drbd". */
  readonly part: string;
  readonly message: string;
}

export interface Address {
  readonly device: string;
  readonly ip: string;
  readonly prefix: number;
  readonly family: 'inet' | 'inet6';
}

export interface HostsEntry {
  readonly ip: string;
  readonly names: readonly string[];
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

export interface NfsExport {
  readonly path: string;
  readonly client: string;
  readonly options: readonly string[];
}

export interface Unit {
  /** systemd's LoadState: "loaded", "not-found", "masked" ... */
  readonly load: string;
  /** systemd's ActiveState: "active", "inactive", "failed", "activating" ... */
  readonly active: string;
  readonly sub: string;
  /** systemd's UnitFileState: "enabled", "disabled", "static" ... ("" when there is no file). */
  readonly enabled: string;
}

export interface CorosyncState {
  readonly nodeId: number;
  readonly quorate: boolean;
  readonly expectedVotes: number;
  readonly totalVotes: number;
  /** corosync-quorumtool's flags: "2Node", "Quorate", "WaitForAll", "Qdevice" ... */
  readonly flags: readonly string[];
  readonly members: readonly CorosyncMember[];
}

export interface CorosyncMember {
  readonly nodeId: number;
  readonly votes: number;
  /** The name as corosync-quorumtool prints it (a host name or an address). */
  readonly name: string;
}

export interface CorosyncConf {
  readonly clusterName: string;
  readonly twoNode: boolean;
  /** Why no cluster comes up with the file although it can be parsed, to go on after its name; null: nothing in it is known to be in the way. */
  readonly flaw: string | null;
  readonly nodes: readonly {
    readonly name: string;
    readonly nodeId: number;
    readonly addresses: readonly string[];
  }[];
  /** SHA-256 of the file, hex: equal files on all nodes have equal sums. */
  readonly sha256: string;
}

export interface PacemakerStatus {
  readonly version: string;
  /** The designated controller's node name; null while none is elected. */
  readonly dc: string | null;
  /** The DC's state as crmadmin(8) --status tells it: "S_IDLE", "S_TRANSITION_ENGINE", "S_POLICY_ENGINE" ...; null when not known. */
  readonly dcState: string | null;
  readonly quorate: boolean;
  /** Cluster properties in force that crm_mon tells, defaults too: "stonith-enabled", "maintenance-mode" ... */
  readonly options: Readonly<Record<string, string>>;
  readonly nodes: readonly PacemakerNode[];
  readonly resources: readonly RunningResource[];
  readonly bans: readonly Ban[];
  readonly failures: readonly Failure[];
  /** Fail counts that Pacemaker still remembers. */
  readonly failCounts: readonly FailCount[];
}

export interface PacemakerNode {
  readonly name: string;
  readonly id: string;
  readonly online: boolean;
  readonly standby: boolean;
  readonly maintenance: boolean;
  readonly pending: boolean;
  readonly unclean: boolean;
  readonly isDc: boolean;
}

/** One instance of a resource as crm_mon shows it (a clone has several). */
export interface RunningResource {
  readonly id: string;
  /** Full agent: "ocf:heartbeat:IPaddr2", "systemd:cups", "stonith:fence_sbd". */
  readonly agent: string;
  /** "Started", "Stopped", "Promoted", "Unpromoted", "Starting" ... always today's names, whatever the version prints. */
  readonly role: string;
  readonly targetRole: string | null;
  readonly active: boolean;
  /** The action under way: "Starting", "Stopping", "Monitoring" ...; null when none. */
  readonly pending: string | null;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly failed: boolean;
  readonly blocked: boolean;
  readonly orphaned: boolean;
  /** Names of the nodes on which this instance is active. */
  readonly nodes: readonly string[];
  /** From the inside out: the group, then the clone around it. */
  readonly parents: readonly { readonly id: string; readonly kind: 'group' | 'clone' | 'bundle' }[];
}

export interface Ban {
  readonly id: string;
  readonly resource: string;
  readonly node: string;
  readonly weight: number;
  readonly promotedOnly: boolean;
}

export interface Failure {
  readonly resource: string;
  readonly operation: string;
  readonly node: string;
  readonly exitStatus: string;
  readonly exitReason: string;
  /** When the failure was recorded, as the node wrote it; "" when unknown. */
  readonly when: string;
}

export interface FailCount {
  readonly resource: string;
  readonly node: string;
  /** Infinity for INFINITY. */
  readonly count: number;
}

export interface Cib {
  /** admin_epoch.epoch.num_updates */
  readonly version: string;
  /** Cluster properties (crm_config) by name as they were set; defaults are not filled in. */
  readonly properties: Readonly<Record<string, string>>;
  readonly resourceDefaults: Readonly<Record<string, string>>;
  readonly operationDefaults: Readonly<Record<string, string>>;
  readonly resources: readonly CibResource[];
  readonly constraints: readonly CibConstraint[];
  /** Resources by the tags that they have. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  /** Permanent and until-reboot node attributes by node name, e.g. standby=on. */
  readonly nodeAttributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface CibResource {
  readonly id: string;
  readonly kind: 'primitive' | 'group' | 'clone' | 'bundle';
  /** Full agent for a primitive, "" otherwise. */
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly operations: readonly CibOperation[];
  /** The template that it is made from. */
  readonly template?: string;
  /** The enclosing group or clone; null at the top. */
  readonly parent: string | null;
}

export interface CibOperation {
  readonly name: string;
  /** Seconds. */
  readonly interval: number;
  /** Seconds; null when not set. */
  readonly timeout: number | null;
  readonly onFail: string | null;
  readonly role: string | null;
  readonly enabled: boolean;
}

export interface CibConstraint {
  readonly id: string;
  readonly kind: 'location' | 'colocation' | 'order' | 'ticket';
  /** Every attribute of the element as it stands (rsc, node, score, with-rsc, first, then, kind ...). */
  readonly attributes: Readonly<Record<string, string>>;
  /** Members of resource sets, in order, when the constraint has any. */
  readonly sets: readonly {
    readonly attributes: Readonly<Record<string, string>>;
    readonly resources: readonly string[];
  }[];
  /** Whether the constraint holds rules (their meaning is not modelled). */
  readonly hasRules: boolean;
}

export interface DrbdResource {
  readonly name: string;
  /** 8.4 or 9 */
  readonly generation: '8.4' | '9';
  readonly role: string;
  readonly volumes: readonly { readonly number: number; readonly disk: string }[];
  readonly peers: readonly DrbdPeer[];
}

export interface DrbdPeer {
  readonly name: string;
  /** "Connected", "Connecting", "StandAlone", "WFConnection" ... */
  readonly connection: string;
  readonly role: string;
  readonly volumes: readonly {
    readonly number: number;
    readonly disk: string;
    readonly replication: string;
  }[];
}
