import type {
  Cib,
  CibResource,
  ClusterState,
  PacemakerStatus,
  ReachableMachine,
  RunningResource,
} from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { byUsualNames } from './cluster-options.ts';
import { type Names, namesIn } from './names.ts';
import type { Verdict } from './verdict.ts';

/** Finding things in a state, and building verdicts: what several kinds of check need. */

export interface Scene {
  readonly state: ClusterState;
  readonly machines: readonly Machine[];
}

export const passed = (expectation: string, evidence: string): Verdict => ({
  passed: true,
  expectation,
  evidence,
});
export const failed = (expectation: string, evidence: string): Verdict => ({
  passed: false,
  expectation,
  evidence,
});
/** A failure by what is configured, which no waiting will mend. */
export const misconfigured = (expectation: string, evidence: string): Verdict => ({
  ...failed(expectation, evidence),
  lasting: true,
});

/** "a", "a and b", "a, b and c" */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? 'none';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Whether two lists hold the same names, in whatever order. */
export const sameNames = (one: readonly string[], other: readonly string[]): boolean =>
  one.toSorted().join() === other.toSorted().join();

/** The names that an `on` or `nodes` of a check stands for. */
export function namesOf(on: string | readonly string[], machines: readonly Machine[]): string[] {
  if (typeof on !== 'string') return [...on];
  if (on === 'all') return machines.map(({ name }) => name);
  if (on === 'nodes') return nodeNames(machines);
  return [on];
}

/**
 * The machines to be asked for an `on`: for what holds on one node all nodes, and for what holds nowhere all machines.
 */
export function searchedFor(
  on: string | readonly string[],
  machines: readonly Machine[],
): string[] {
  if (on === 'one-node') return nodeNames(machines);
  return namesOf(on === 'nowhere' ? 'all' : on, machines);
}

export const nodeNames = (machines: readonly Machine[]): string[] =>
  machines.filter(({ role }) => role === 'node').map(({ name }) => name);

/** A machine that answers, or the sentence that says why it does not. */
export function reach(state: ClusterState, name: string): ReachableMachine | string {
  const machine = state.machines[name];
  if (machine === undefined) return `This lab has no machine ${name}.`;
  if (machine.reachable) return machine;
  return `${name} cannot be reached (${machine.reason}). Is it powered off? See: halab status.`;
}

export const reachable = (state: ClusterState): ReachableMachine[] =>
  Object.values(state.machines).filter((machine) => machine.reachable);

/** What a node says of the cluster. */
export interface NodeView {
  readonly from: string;
  readonly status: PacemakerStatus;
  readonly cib: Cib;
}

/** What the cluster says of itself. */
export interface ClusterView extends NodeView {
  readonly names: Names;
  /** What the other nodes that answer say. */
  readonly others: readonly NodeView[];
}

/**
 * The cluster's view of itself, or the sentence that says why there is none: nothing answers, or the
 * nodes contradict each other. The DC's view counts before another node's, and that of a node with
 * quorum before all: a node that was cut off knows nothing of what the rest does.
 */
export function clusterView(scene: Scene): ClusterView | string {
  const views = nodeViews(scene);
  const settled = views.filter(({ status }) => status.dc !== null);
  const [first] = settled.toSorted((a, b) => rank(b) - rank(a));
  if (first === undefined) return views.length === 0 ? whyNoView(scene) : noDc;
  const rival = settled.find(
    ({ status }) => status.dc !== first.status.dc && status.quorate === first.status.quorate,
  );
  if (rival !== undefined) {
    return `The cluster has come apart: ${first.from} has ${first.status.dc} as its DC, ${rival.from} has ${rival.status.dc}. Is the link between them cut?`;
  }
  const differing = settled.find(
    (view) => view.status.dc === first.status.dc && !sameConfiguration(view, first),
  );
  if (differing !== undefined) {
    return `${differing.from} and ${first.from} do not have the same configuration (CIB ${differing.cib.version} and ${first.cib.version}).`;
  }
  return {
    ...first,
    names: namesIn(scene),
    others: views.filter(({ from }) => from !== first.from),
  };
}

/** Until there is one, crm_mon shows every node as offline and every resource as stopped. */
const noDc = 'Pacemaker runs, but has no DC yet (the first election takes about 20 s).';

const rank = ({ from, status }: NodeView): number =>
  (status.quorate ? 2 : 0) + (status.dc === from ? 1 : 0);

/** The device by which a machine is on the cluster network; undefined when it has not its own address. */
export const clusterDevice = (
  { name, addresses }: ReachableMachine,
  machines: readonly Machine[],
): string | undefined => {
  const own = machines.find((machine) => machine.name === name)?.ip;
  return addresses.find(({ ip }) => ip === own)?.device;
};

/** What each node that answers says. */
export function nodeViews({ state, machines }: Scene): NodeView[] {
  const nodes = nodeNames(machines);
  return reachable(state).flatMap(({ name, pacemaker, cib }) =>
    nodes.includes(name) && pacemaker !== null && cib !== null
      ? [
          {
            from: name,
            status: pacemaker,
            cib: { ...cib, properties: byUsualNames(cib.properties, pacemaker) },
          },
        ]
      : [],
  );
}

/** The last number of a CIB's version counts changes of the status, which travel all the time. */
const sameConfiguration = (one: NodeView, other: NodeView): boolean =>
  configurationOf(one.cib) === configurationOf(other.cib);

const configurationOf = ({ version }: Cib): string => version.split('.').slice(0, 2).join('.');

function whyNoView({ state, machines }: Scene): string {
  const nodes = nodeNames(machines);
  const answering = reachable(state).filter(({ name }) => nodes.includes(name));
  if (answering.length === 0) return 'No node can be reached. See: halab status.';
  for (const { name, problems } of answering) {
    const problem = problems.find(({ part }) => part === 'pacemaker' || part === 'cib');
    if (problem !== undefined) return `Pacemaker on ${name} could not be read: ${problem.message}.`;
  }
  const names = listed(answering.map(({ name }) => name));
  return `Pacemaker does not run on ${names}, or does not answer yet.`;
}

/** The instances of a primitive as crm_mon shows them: those of a clone may be named "vip:0". */
export const instancesOf = (status: PacemakerStatus, id: string): RunningResource[] =>
  status.resources.filter((resource) => resource.id === id || resource.id.startsWith(`${id}:`));

/** The nodes on which a primitive is active. */
export const activeNodes = (status: PacemakerStatus, id: string): string[] => [
  ...new Set(
    instancesOf(status, id)
      .filter(({ active, role }) => active && role !== 'Stopped')
      .flatMap(({ nodes }) => nodes),
  ),
];

/** The group and the clones around a resource, from the inside out. */
export function ancestorsOf(cib: Cib, { parent }: CibResource): CibResource[] {
  const found = cib.resources.find(({ id }) => id === parent);
  return found === undefined ? [] : [found, ...ancestorsOf(cib, found)];
}
