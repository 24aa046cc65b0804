import * as z from 'zod';
import type { Question } from '../cluster/collect.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { judgeAbsent } from './absent.ts';
import { addressSchema, judgeAddress } from './address.ts';
import { answerSchema, judgeAnswer, questionOf } from './answer.ts';
import { colocatedSchema, judgeColocated } from './colocated.ts';
import { corosyncConfSchema, judgeCorosyncConf } from './corosync-conf.ts';
import { drbdSchema, judgeDrbd } from './drbd.ts';
import { exportedSchema, judgeExported } from './exported.ts';
import { hostsSchema, judgeHosts } from './hosts.ts';
import { judgeManaged, managedSchema } from './managed.ts';
import { judgeMembership, membershipSchema } from './membership.ts';
import { judgeMount, mountSchema, questionOfMount } from './mount.ts';
import { judgeNoLeftovers } from './no-leftovers.ts';
import { judgeOnline, onlineSchema } from './online.ts';
import { judgeOperation, operationSchema } from './operation.ts';
import { judgeOrdered, orderedSchema } from './ordered.ts';
import { judgePromoted, promotedSchema } from './promoted.ts';
import { judgeProperty, propertySchema } from './property.ts';
import { judgeResource, resourceSchema } from './resource.ts';
import { judgeResourceDefault, resourceDefaultSchema } from './resource-default.ts';
import { activeNodes, clusterView, namesOf, nodeNames, type Scene, searchedFor } from './select.ts';
import { describeSelector, matching, type Selector, selectorSchema } from './selector.ts';
import { judgeStandby, standbySchema } from './standby.ts';
import { judgeUnit, unitSchema } from './unit.ts';
import type { Verdict } from './verdict.ts';

/** A kind of check: what a lesson may write, and how it is judged. */
interface Kind<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly judge: (expected: z.infer<Schema>, scene: Scene) => Verdict;
  /** The machines by whose state it is decided. */
  readonly about: (expected: z.infer<Schema>, machines: readonly Machine[]) => readonly string[];
}

interface AnyKind {
  readonly schema: z.ZodType;
  readonly judge: (expected: never, scene: Scene) => Verdict;
  readonly about: (expected: never, machines: readonly Machine[]) => readonly string[];
}

const kind = <Schema extends z.ZodType>(
  schema: Schema,
  judge: Kind<Schema>['judge'],
  about: Kind<Schema>['about'] = (_, machines) => nodeNames(machines),
): Kind<Schema> => ({ schema, judge, about });

const where = (
  { on }: { readonly on: string | readonly string[] },
  machines: readonly Machine[],
): readonly string[] => searchedFor(on, machines);

/** An address must be on no other machine besides. */
const everywhere = (_: unknown, machines: readonly Machine[]): readonly string[] =>
  namesOf('all', machines);

/** Every kind of check, by the name that lessons use. */
const kinds = {
  hosts: kind(hostsSchema, judgeHosts, where),
  address: kind(addressSchema, judgeAddress, everywhere),
  unit: kind(unitSchema, judgeUnit, where),
  'corosync-conf': kind(corosyncConfSchema, judgeCorosyncConf),
  membership: kind(membershipSchema, judgeMembership),
  online: kind(onlineSchema, judgeOnline),
  standby: kind(standbySchema, judgeStandby),
  property: kind(propertySchema, judgeProperty),
  'resource-default': kind(resourceDefaultSchema, judgeResourceDefault),
  resource: kind(resourceSchema, judgeResource),
  promoted: kind(promotedSchema, judgePromoted),
  absent: kind(selectorSchema, judgeAbsent),
  colocated: kind(colocatedSchema, judgeColocated),
  ordered: kind(orderedSchema, judgeOrdered),
  managed: kind(managedSchema, judgeManaged),
  operation: kind(operationSchema, judgeOperation),
  drbd: kind(drbdSchema, judgeDrbd),
  mount: kind(mountSchema, judgeMount, where),
  exported: kind(exportedSchema, judgeExported, where),
  answer: kind(answerSchema, judgeAnswer, where),
  'no-leftovers': kind(selectorSchema, judgeNoLeftovers),
} satisfies Record<string, AnyKind>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as KindName[];

/** A check's expectation by its kind's name; `machines: 3` beside it: only in a lab of three. */
const shape = Object.fromEntries(
  kindNames.map((name) => [name, kinds[name].schema.optional()]),
) as {
  [Name in KindName]: z.ZodOptional<(typeof kinds)[Name]['schema']>;
};

export const checkSchema = z
  .strictObject({ ...shape, machines: z.literal([2, 3]).optional() })
  .refine(
    (check) => kindNames.filter((name) => check[name] !== undefined).length === 1,
    `a check is exactly one of ${kindNames.join(', ')}`,
  );

export type CheckSpec = z.infer<typeof checkSchema>;

/** The kind of a check. */
export function kindOf(spec: CheckSpec): KindName {
  const name = kindNames.find((candidate) => spec[candidate] !== undefined);
  if (name === undefined) throw new Error('a check without a kind');
  return name;
}

/** What must be asked of the machines for these checks to be judged, beyond what every observation tells. */
export const questionsOf = (
  checks: readonly CheckSpec[],
  machines: readonly Machine[],
): Question[] =>
  checks.flatMap(({ answer, mount }) => [
    ...(answer === undefined ? [] : [questionOf(answer, machines)]),
    ...(mount === undefined ? [] : questionOfMount(mount, machines)),
  ]);

/** Whether any of these checks looks at who is in Corosync's ring. */
export const lookAtRing = (checks: readonly CheckSpec[]): boolean =>
  checks.some(({ membership }) => membership !== undefined);

/** The machines by whose state these checks are decided. The nodes are always among them: they tell whether the cluster is at rest. */
export const machinesAbout = (
  checks: readonly CheckSpec[],
  machines: readonly Machine[],
): Machine[] => {
  const names = checks.flatMap((check) => {
    const name = kindOf(check);
    return (kinds[name] as Kind<z.ZodType>).about(check[name], machines);
  });
  return machines.filter(({ name, role }) => role === 'node' || names.includes(name));
};

/** Judges one check against a state. Pure: the same state gives the same verdict. */
export function judge(spec: CheckSpec, state: ClusterState, machines: readonly Machine[]): Verdict {
  const name = kindOf(spec);
  const { judge: judgeKind } = kinds[name] as Kind<z.ZodType>;
  return judgeKind(spec[name], { state, machines });
}

/** The node on which the one resource of that kind runs, or why there is none to name, in a sentence. */
export function findActiveNode(
  selector: Selector,
  state: ClusterState,
  machines: readonly Machine[],
): { readonly node: string } | { readonly node: null; readonly why: string } {
  const view = clusterView({ state, machines });
  if (typeof view === 'string') return { node: null, why: view };
  const nodes = new Set(matching(view, selector).flatMap(({ id }) => activeNodes(view.status, id)));
  const [node, ...others] = nodes;
  if (node === undefined) return { node: null, why: `No node runs ${describeSelector(selector)}.` };
  if (others.length === 0) return { node };
  const why = `More than one node runs ${describeSelector(selector)}: ${[...nodes].join(', ')}.`;
  return { node: null, why };
}

export { selectorSchema };
