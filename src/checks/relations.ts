import { role as todaysRole } from '../cluster/parse/role.ts';
import { score } from '../cluster/parse/score.ts';
import type { Cib, CibConstraint, CibResource } from '../cluster/state.ts';
import { ancestorsOf } from './select.ts';

/**
 * What a configuration says of resources' places and order, whatever way it is written: as a group,
 * as constraints between two, or as resource sets (Pacemaker Explained, "Resource Constraints").
 */

/** One resource depends on another. `mandatory`: it never runs without. */
export interface Relation {
  readonly constraint: string;
  readonly from: Place;
  readonly to: Place;
  readonly mandatory: boolean;
}

/** A primitive, or those of its instances that have a role. */
export interface Place {
  readonly id: string;
  /** "Promoted" ...; null: any. For an order: the action, "start" where none is given. */
  readonly what: string | null;
}

/** The primitives in a resource, in order: itself, the members of a group, what is cloned. */
function primitivesIn(cib: Cib, id: string): CibResource[] {
  const found = cib.resources.find((resource) => resource.id === id);
  if (found === undefined) return [];
  if (found.kind === 'primitive') return [found];
  return cib.resources.filter(
    (resource) =>
      resource.kind === 'primitive' &&
      ancestorsOf(cib, resource).some((around) => around.id === id),
  );
}

/** Whether a primitive may have several instances. */
export const isCloned = (cib: Cib, id: string): boolean => {
  const resource = cib.resources.find((candidate) => candidate.id === id);
  return resource !== undefined && ancestorsOf(cib, resource).some(({ kind }) => kind === 'clone');
};

const isInfinite = (text: string | undefined): boolean => score(text) === Number.POSITIVE_INFINITY;

/** Which resources must be on one node. A negative score keeps apart and is left out. */
export function colocations(cib: Cib): Relation[] {
  const groups = cib.resources
    .filter(({ kind, meta }) => kind === 'group' && meta.collocated !== 'false')
    .flatMap(({ id }) =>
      pairs(primitivesIn(cib, id).map((member) => member.id)).map(([one, other]) => ({
        constraint: id,
        from: { id: other, what: null },
        to: { id: one, what: null },
        mandatory: true,
      })),
    );
  const constraints = cib.constraints
    .filter(({ kind, attributes }) => kind === 'colocation' && !(score(attributes.score) < 0))
    .flatMap((constraint) => {
      const mandatory = isInfinite(constraint.attributes.score);
      const { id, attributes } = constraint;
      const links =
        constraint.sets.length > 0
          ? setsAsPairs(cib, constraint, 'role')
          : between(
              places(cib, attributes.rsc, attributes['rsc-role']),
              places(cib, attributes['with-rsc'], attributes['with-rsc-role']),
            );
      return links.map(([from, to]) => ({ constraint: id, from, to, mandatory }));
    });
  return [...groups, ...constraints];
}

/** What is started, promoted or the like before what; asymmetrical orders are not mandatory: they do not hold for the stop. */
export function orders(cib: Cib): Relation[] {
  const groups = cib.resources
    .filter(({ kind, meta }) => kind === 'group' && meta.ordered !== 'false')
    .flatMap(({ id }) =>
      pairs(primitivesIn(cib, id).map((member) => member.id)).map(([one, other]) => ({
        constraint: id,
        from: { id: one, what: 'start' },
        to: { id: other, what: 'start' },
        mandatory: true,
      })),
    );
  const constraints = cib.constraints
    .filter(({ kind }) => kind === 'order')
    .flatMap((constraint) => {
      const { id, attributes } = constraint;
      const first = attributes['first-action'] ?? 'start';
      const links =
        constraint.sets.length > 0
          ? setsAsPairs(cib, constraint, 'action')
          : between(
              places(cib, attributes.first, first),
              // Without a word of its own the second does what the first does.
              places(cib, attributes.then, attributes['then-action'] ?? first),
            );
      const mandatory = isMandatory(constraint);
      return links.map(([from, to]) => ({ constraint: id, from, to, mandatory }));
    });
  return [...groups, ...constraints];
}

/** `kind` decides; before there was one, a score above 0 (still accepted). */
function isMandatory({ attributes }: CibConstraint): boolean {
  if (attributes.symmetrical === 'false') return false;
  if (attributes.kind !== undefined) return attributes.kind === 'Mandatory';
  return attributes.score === undefined || score(attributes.score) > 0;
}

type Link = readonly [Place, Place];

/** What a constraint names, as the primitives in it. */
const places = (cib: Cib, id: string | undefined, what: string | undefined): Place[] =>
  primitivesIn(cib, id ?? '').map((primitive) => ({ id: primitive.id, what: word(what) }));

/** Roles by today's names; "Started" says nothing. */
const word = (what: string | undefined): string | null =>
  what === undefined || what === 'Started' ? null : todaysRole(what);

const between = (some: readonly Place[], others: readonly Place[]): Link[] =>
  some.flatMap((one) => others.map((other): Link => [one, other]));

/** Resource sets: one member after the other unless sequential=false, and every set after the one before. */
function setsAsPairs(cib: Cib, { sets }: CibConstraint, attribute: 'role' | 'action'): Link[] {
  const usual = attribute === 'action' ? 'start' : undefined;
  const members = sets.map(({ attributes, resources }) => ({
    sequential: attributes.sequential !== 'false',
    all: resources.map((id) => places(cib, id, attributes[attribute] ?? usual)),
  }));
  const within = members.flatMap(({ sequential, all }) =>
    sequential ? pairs(all).flatMap(([one, other]) => between(one, other)) : [],
  );
  const across = pairs(members).flatMap(([one, other]) =>
    between(one.all.flat(), other.all.flat()),
  );
  return [...within, ...across];
}

/** Neighbours: [a, b, c] gives [a, b] and [b, c]. */
function pairs<T>(list: readonly T[]): [T, T][] {
  return list.slice(1).map((other, index) => [list[index] as T, other]);
}
