import { role as todaysRole } from '../cluster/parse/role.ts';
import { score } from '../cluster/parse/score.ts';
import type { Cib, CibConstraint, CibResource } from '../cluster/state.ts';
import { metaOf } from './meta.ts';
import { ancestorsOf } from './select.ts';
import { truth } from './settings.ts';

/**
 * What a configuration says of resources' places and order, whatever way it is written: as a group, as constraints
 * between two, or as resource sets (Pacemaker Explained, "Resource Constraints"; 3.0.0: lib/pacemaker/pcmk_sched_colocation.c,
 * pcmk_sched_ordering.c and pcmk_sched_group.c).
 */

/**
 * A colocation: `from` depends on `to`, which is placed first and does not wait. An order: what `from` does comes before what
 * `to` does.
 */
export interface Relation {
  /** The constraint's id, or the group's. */
  readonly constraint: string;
  readonly from: Place;
  readonly to: Place;
  /** Why one goes without the other in spite of it, to go on after the constraint's name; null: never. */
  readonly loose: string | null;
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
export const isCloned = (cib: Cib, id: string): boolean => cloneOf(cib, id) !== undefined;

/** Whether a primitive may be promoted. */
export const isPromotable = (cib: Cib, id: string): boolean =>
  truth(cloneOf(cib, id)?.meta.promotable ?? 'false') === true;

function cloneOf(cib: Cib, id: string): CibResource | undefined {
  const resource = cib.resources.find((candidate) => candidate.id === id);
  return resource && ancestorsOf(cib, resource).find(({ kind }) => kind === 'clone');
}

/** The group whose members a constraint on that resource is about: itself, or what it clones. */
const groupIn = (cib: Cib, id: string): CibResource | undefined =>
  cib.resources.find((one) => one.kind === 'group' && (one.id === id || one.parent === id));

/** Members that stand on each other, unless the group is told not to. */
const chains = (cib: Cib, setting: 'collocated' | 'ordered'): [group: string, string, string][] =>
  cib.resources
    .filter((group) => group.kind === 'group' && isOn(cib, group, setting))
    .flatMap(({ id }) =>
      pairs(primitivesIn(cib, id)).map(([one, other]): [string, string, string] => [
        id,
        one.id,
        other.id,
      ]),
    );

const isOn = (cib: Cib, group: CibResource, setting: string): boolean =>
  truth(metaOf(group, setting, cib) ?? 'true') !== false;

/** Which resource must be where another is. A negative score keeps apart and is left out. */
export function colocations(cib: Cib): Relation[] {
  const groups = chains(cib, 'collocated').map(
    ([group, one, other]): Relation => ({
      constraint: group,
      from: { id: other, what: null },
      to: { id: one, what: null },
      loose: null,
    }),
  );
  const constraints = cib.constraints
    .filter(({ kind }) => kind === 'colocation')
    .flatMap((constraint) => colocationsIn(cib, withSets(cib, constraint, 'rsc', 'with-rsc')));
  return [...groups, ...constraints];
}

function colocationsIn(cib: Cib, constraint: CibConstraint): Relation[] {
  const { id, attributes, sets } = constraint;
  const related = (
    dependent: string | undefined,
    primary: string | undefined,
    roles: readonly [string | undefined, string | undefined],
    points: string | undefined,
  ): Relation[] => {
    if (score(points) < 0) return [];
    const loose = whyParted(constraint, points);
    return between(
      ends(cib, dependent, roles[0], 'first'),
      ends(cib, primary, roles[1], loose === null ? 'last' : 'first'),
    ).map(([from, to]) => ({ constraint: id, from, to, loose }));
  };
  if (sets.length === 0) {
    return related(
      attributes.rsc,
      attributes['with-rsc'],
      [attributes['rsc-role'], attributes['with-rsc-role']],
      attributes.score,
    );
  }
  const within = sets.flatMap(({ attributes: set, resources }) => {
    if (truth(set.sequential ?? 'true') === false) return [];
    // The one before is placed first, unless the set has the old word for the opposite.
    const forward = (set.ordering ?? 'group').toLowerCase() === 'group';
    return pairs(resources).flatMap(([one, other]) =>
      forward
        ? related(other, one, [set.role, set.role], set.score ?? attributes.score)
        : related(one, other, [set.role, set.role], set.score ?? attributes.score),
    );
  });
  // The set that is listed first depends on the one after it.
  const across = pairs(sets).flatMap(([one, other]) => {
    const dependents = isSequential(one) ? one.resources.slice(0, 1) : one.resources;
    const primaries = isSequential(other) ? other.resources.slice(-1) : other.resources;
    return between(dependents, primaries).flatMap(([dependent, primary]) =>
      related(dependent, primary, [one.attributes.role, other.attributes.role], attributes.score),
    );
  });
  return [...within, ...across];
}

type ResourceSet = CibConstraint['sets'][number];

const isSequential = ({ attributes }: ResourceSet): boolean =>
  truth(attributes.sequential ?? 'true') !== false;

function whyParted(
  { attributes, hasRules }: CibConstraint,
  points: string | undefined,
): string | null {
  if (hasRules) return 'holds under its rule alone';
  if (points === undefined || score(points) === 0)
    return 'has no score, which counts as 0: Pacemaker ignores it';
  if (!isInfinite(points))
    return `is a wish: its score is not INFINITY but ${points}, so they may part`;
  const attribute = attributes['node-attribute'] ?? '#uname';
  return attribute === '#uname'
    ? null
    : `is about nodes of the same ${attribute}, not about one node`;
}

const isInfinite = (text: string): boolean => score(text) === Number.POSITIVE_INFINITY;

/**
 * The primitives by which a resource takes part in a colocation: a group by its first member as what depends, by its last as
 * what is depended on (pcmk_sched_group.c, colocate_group_with and colocate_with_group). A group whose members go where they
 * like cannot be tied.
 */
function ends(
  cib: Cib,
  id: string | undefined,
  what: string | undefined,
  which: 'first' | 'last',
): Place[] {
  const all = places(cib, id, what);
  const group = groupIn(cib, id ?? '');
  if (group === undefined) return all;
  if (!isOn(cib, group, 'collocated')) return [];
  return which === 'first' ? all.slice(0, 1) : all.slice(-1);
}

/** What is started, promoted or the like before what. */
export function orders(cib: Cib): Relation[] {
  const groups = chains(cib, 'ordered').map(
    ([group, one, other]): Relation => ({
      constraint: group,
      from: { id: one, what: 'start' },
      to: { id: other, what: 'start' },
      loose: null,
    }),
  );
  const constraints = cib.constraints
    .filter(({ kind }) => kind === 'order')
    .flatMap((constraint) => ordersIn(cib, withSets(cib, constraint, 'first', 'then')));
  return [...groups, ...constraints];
}

function ordersIn(cib: Cib, constraint: CibConstraint): Relation[] {
  const { id, attributes, sets, hasRules } = constraint;
  const related = (
    links: readonly (readonly [Place, Place])[],
    settings: Readonly<Record<string, string>>,
    anyOf = false,
  ): Relation[] => {
    const loose = hasRules
      ? 'holds under its rule alone'
      : anyOf
        ? 'is content with any one of its first set (require-all=false)'
        : whyUnordered(settings);
    return links.map(([from, to]) => ({ constraint: id, from, to, loose }));
  };
  if (sets.length === 0) {
    const first = attributes['first-action'] ?? 'start';
    return related(
      between(
        places(cib, attributes.first, first),
        // Without a word of its own the second does what the first does.
        places(cib, attributes.then, attributes['then-action'] ?? first),
      ),
      attributes,
    );
  }
  const members = sets.map((set) => ({
    ...set,
    all: set.resources.map((one) => places(cib, one, set.attributes.action ?? 'start')),
  }));
  const within = members.flatMap((set) =>
    isSequential(set)
      ? pairs(set.all).flatMap(([one, other]) =>
          related(between(one, other), ownOrElse(set.attributes, attributes)),
        )
      : [],
  );
  const across = pairs(members).flatMap(([one, other]) =>
    related(
      between(one.all.flat(), other.all.flat()),
      attributes,
      one.resources.length > 1 && truth(one.attributes['require-all'] ?? 'true') === false,
    ),
  );
  return [...within, ...across];
}

/** A set's own kind, score and symmetry go before the constraint's. */
function ownOrElse(
  own: Readonly<Record<string, string>>,
  { kind, score: points, symmetrical }: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const given = own.kind === undefined ? { kind, score: points } : {};
  const all = { ...given, symmetrical, ...own };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** `kind` decides, and a word that is none counts as Mandatory; before there was one, a score other than 0 (still accepted). */
function whyUnordered({
  kind,
  score: points,
  symmetrical,
}: Readonly<Record<string, string>>): string | null {
  if (kind === 'Optional' || (kind === undefined && points !== undefined && score(points) === 0))
    return 'is optional: it counts only where both happen to start together (kind)';
  if (kind === 'Serialize') return 'keeps the two from starting at once, in whatever order (kind)';
  return truth(symmetrical ?? 'true') === false ? 'does not hold for the stop (symmetrical)' : null;
}

type Link<T> = readonly [T, T];

/** What a constraint names, as the primitives in it. */
const places = (cib: Cib, id: string | undefined, what: string | undefined): Place[] =>
  primitivesIn(cib, id ?? '').map((primitive) => ({ id: primitive.id, what: word(what) }));

/** Roles by today's names; "Started" says nothing. */
const word = (what: string | undefined): string | null =>
  what === undefined || /^started$/i.test(what) ? null : todaysRole(what);

const between = <T>(some: readonly T[], others: readonly T[]): Link<T>[] =>
  some.flatMap((one) => others.map((other): Link<T> => [one, other]));

/**
 * The constraint with templates and tags filled in: such a name stands for the set of what has it (pcmk__tag_to_set,
 * pcmk__expand_tags_in_sets), in no order.
 */
function withSets(
  cib: Cib,
  constraint: CibConstraint,
  one: 'rsc' | 'first',
  other: 'with-rsc' | 'then',
): CibConstraint {
  const { attributes, sets } = constraint;
  if (sets.length > 0) {
    const filled = sets.map((set) => ({
      ...set,
      resources: set.resources.flatMap((id) => standsFor(cib, id) ?? [id]),
    }));
    return { ...constraint, sets: filled };
  }
  const named = [one, other].map((side) => {
    const id = attributes[side] ?? '';
    return { side, id, all: standsFor(cib, id) };
  });
  if (named.every(({ all }) => all === null)) return constraint;
  // Two of them at once are not understood.
  if (named.every(({ all }) => all !== null)) return { ...constraint, attributes: {}, sets: [] };
  const what = one === 'rsc' ? 'role' : 'action';
  return {
    ...constraint,
    sets: named.map(({ side, id, all }) => {
      const own = attributes[`${side}-${what}`];
      return {
        attributes: { sequential: 'false', ...(own === undefined ? {} : { [what]: own }) },
        resources: all ?? [id],
      };
    }),
  };
}

/** The resources that are made from a template, or have a tag; null when the name is a resource's own. */
function standsFor(cib: Cib, id: string): readonly string[] | null {
  if (cib.resources.some((resource) => resource.id === id)) return null;
  const made = cib.resources.filter(({ template }) => template === id).map((one) => one.id);
  return made.length > 0 ? made : (cib.tags?.[id] ?? null);
}

/** Neighbours: [a, b, c] gives [a, b] and [b, c]. */
function pairs<T>(list: readonly T[]): [T, T][] {
  return list.slice(1).map((other, index) => [list[index] as T, other]);
}
