import { expect } from 'vitest';
import { checkSchema, judge } from '../../src/checks/index.ts';
import type { Verdict } from '../../src/checks/verdict.ts';
import type {
  Cib,
  ClusterState,
  PacemakerStatus,
  ReachableMachine,
} from '../../src/cluster/state.ts';
import { machines, recordedState } from '../fixtures/load.ts';

export type Draft<Value> = { -readonly [Key in keyof Value]: Draft<Value[Key]> };

/** A recorded state with a small change, for what was not recorded. */
export function varied(name: string, edit: (draft: Draft<ClusterState>) => void): ClusterState {
  const draft = structuredClone(recordedState(name)) as Draft<ClusterState>;
  edit(draft);
  return draft as ClusterState;
}

/** A machine of a draft that answers. */
export function on(draft: Draft<ClusterState>, name: string): Draft<ReachableMachine> {
  const machine = draft.machines[name];
  if (machine === undefined || !machine.reachable) throw new Error(`${name} does not answer`);
  return machine;
}

/** What a node of a draft says of the cluster. */
export function viewOf(
  draft: Draft<ClusterState>,
  name: string,
): { status: Draft<PacemakerStatus>; cib: Draft<Cib> } {
  const { pacemaker, cib } = on(draft, name);
  if (pacemaker === null || cib === null) throw new Error(`${name} has no view`);
  return { status: pacemaker, cib };
}

/** Changes what both nodes say. */
export function bothViews(
  draft: Draft<ClusterState>,
  edit: (status: Draft<PacemakerStatus>, cib: Draft<Cib>) => void,
): void {
  for (const name of ['node1', 'node2']) {
    const { status, cib } = viewOf(draft, name);
    edit(status, cib);
  }
}

/** Takes a machine out of reach, as a power cut does; the others have not noticed yet. */
export function cutOff(draft: Draft<ClusterState>, name: string): void {
  draft.machines[name] = { name, reachable: false, reason: 'no answer within 10 s' };
}

/** Judges a check, and sees that a learner reads a sentence that is complete, whatever was judged. */
export function verdictOn(state: ClusterState, check: object): Verdict {
  const verdict = judge(checkSchema.parse(check), state, machines);
  expect(verdict.evidence).toMatch(/^\S.*[.?]$/s);
  expect(verdict.expectation).not.toMatch(/undefined|\.$/);
  expect(verdict.evidence).not.toMatch(/undefined|\bnull\b|\.\./);
  return verdict;
}
