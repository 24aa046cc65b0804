import type { Cib, CibResource, ClusterState, PacemakerStatus, ReachableMachine, RunningResource } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import type { Verdict } from './verdict.ts';

/** Finding things in a state, and building verdicts: what several kinds of check need. */

export interface Scene {
  readonly state: ClusterState;
  readonly machines: readonly Machine[];
}

export const passed = (expectation: string, evidence: string): Verdict => ({ passed: true, expectation, evidence });
export const failed = (expectation: string, evidence: string): Verdict => ({ passed: false, expectation, evidence });

/** "a", "a and b", "a, b and c" */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? 'none') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** The names that an `on` or `nodes` of a check stands for. */
export function namesOf(on: string | readonly string[], machines: readonly Machine[]): string[] {
  if (typeof on !== 'string') return [...on];
  if (on === 'all') return machines.map(({ name }) => name);
  if (on === 'nodes') return nodeNames(machines);
  return [on];
}

export const nodeNames = (machines: readonly Machine[]): string[] =>
  machines.filter(({ role }) => role === 'node').map(({ name }) => name);

/** A machine that answers, or the sentence that says why it does not. */
export function reach(state: ClusterState, name: string): ReachableMachine | string {
  const machine = state.machines[name];
  if (machine === undefined) return `This lab has no machine ${name}.`;
  return machine.reachable ? machine : `${name} cannot be reached: ${machine.reason}. Is it powered off? See: halab status.`;
}

export const reachable = (state: ClusterState): ReachableMachine[] =>
  Object.values(state.machines).filter((machine) => machine.reachable);

/** What the cluster says of itself: the view of the DC when it answers, else of any node that does. */
export interface ClusterView {
  readonly from: string;
  readonly status: PacemakerStatus;
  readonly cib: Cib;
}

/** The cluster's view, or the sentence that says why there is none. */
export function clusterView({ state, machines }: Scene): ClusterView | string {
  const nodes = nodeNames(machines);
  const views = reachable(state)
    .filter(({ name }) => nodes.includes(name))
    .flatMap(({ name, pacemaker, cib }) => (pacemaker === null || cib === null ? [] : [{ from: name, status: pacemaker, cib }]));
  const view = views.find(({ from, status }) => status.dc === from) ?? views[0];
  if (view !== undefined) return view;
  const answering = reachable(state).filter(({ name }) => nodes.includes(name));
  if (answering.length === 0) return 'No node can be reached. See: halab status.';
  const broken = answering.flatMap(({ problems }) => problems).find(({ part }) => part === 'cib' || part === 'pacemaker');
  if (broken !== undefined) return `Pacemaker's answer could not be read: ${broken.message}.`;
  return `Pacemaker does not run on ${listed(answering.map(({ name }) => name))}, or does not answer yet.`;
}

export interface ResourceSelector {
  readonly agent: string;
  readonly with: Readonly<Record<string, string>>;
}

/** The primitives in the configuration that are of that agent and have those parameters. */
export function matching(cib: Cib, selector: ResourceSelector): CibResource[] {
  return cib.resources.filter(
    ({ kind, agent, parameters }) =>
      kind === 'primitive' &&
      agent === selector.agent &&
      Object.entries(selector.with).every(([name, value]) => parameters[name]?.trim() === value),
  );
}

/** The instances of a primitive as crm_mon shows them: a clone's have ids such as "vip:0". */
export const instancesOf = (status: PacemakerStatus, id: string): RunningResource[] =>
  status.resources.filter((resource) => resource.id === id || resource.id.startsWith(`${id}:`));

/** "an IPaddr2 resource with ip=192.168.56.100" */
export function describeSelector({ agent, with: parameters }: ResourceSelector): string {
  const conditions = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return conditions.length === 0 ? `a resource ${agent}` : `a resource ${agent} with ${conditions.join(' and ')}`;
}

/** Pacemaker's own spellings of a truth value (crm_is_true() in its sources; "Boolean" in Pacemaker Explained); null for another text. */
export function truth(text: string): boolean | null {
  if (['true', 'on', 'yes', 'y', '1'].includes(text.toLowerCase())) return true;
  if (['false', 'off', 'no', 'n', '0'].includes(text.toLowerCase())) return false;
  return null;
}

/** A score as a number; null when it is none ("Score" in Pacemaker Explained). */
export function score(text: string): number | null {
  const match = /^([+-]?)(INFINITY|\d+)$/i.exec(text.trim());
  if (match === null) return null;
  const size = (match[2] ?? '').toUpperCase() === 'INFINITY' ? Number.POSITIVE_INFINITY : Number(match[2]);
  return match[1] === '-' ? -size : size;
}
