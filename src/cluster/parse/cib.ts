import type { Cib, CibConstraint, CibOperation, CibResource } from '../state.ts';
import { plainSeconds, seconds, usualTimeout } from './duration.ts';
import { role } from './role.ts';
import { score } from './score.ts';
import { childOf, childrenOf, everyElement, parseXml, type XmlElement } from './xml.ts';

/**
 * Reads `cibadmin --query` (cibadmin(8)). Templates and references (id-ref) are filled in, and parameters of a group or clone are those of what is in it. A set
 * of attributes that holds under a rule alone is left out: whether it applies is not known here.
 * @throws Error when it is not a CIB.
 */
export function parseCib(text: string): Cib {
  const cib = parseXml(text);
  if (cib.name !== 'cib') throw new Error(`cibadmin: <${cib.name}> is not a CIB`);
  const find = referencesOf(cib);
  const configuration = childOf(cib, 'configuration');
  const section = (name: string): XmlElement | undefined => childOf(configuration, name);
  const { admin_epoch = '0', epoch = '0', num_updates = '0' } = cib.attributes;
  return {
    version: `${admin_epoch}.${epoch}.${num_updates}`,
    properties: values(
      childrenOf(section('crm_config'), 'cluster_property_set'),
      find,
      'cib-bootstrap-options',
    ),
    resourceDefaults: values(childrenOf(section('rsc_defaults'), 'meta_attributes'), find),
    operationDefaults: values(childrenOf(section('op_defaults'), 'meta_attributes'), find),
    resources: resourcesIn(section('resources'), null, find),
    constraints: (section('constraints')?.children ?? []).flatMap((one) => constraintOf(one, find)),
    tags: Object.fromEntries(
      childrenOf(section('tags'), 'tag').map((tag) => [
        tag.attributes.id ?? '',
        childrenOf(tag, 'obj_ref').map(({ attributes }) => attributes.id ?? ''),
      ]),
    ),
    nodeAttributes: nodeAttributesOf(cib, find),
  };
}

/** The element that a reference means, or the element itself. */
type Find = (element: XmlElement) => XmlElement;

function referencesOf(cib: XmlElement): Find {
  const byId = new Map<string, XmlElement>();
  for (const element of everyElement(cib)) {
    const { id } = element.attributes;
    if (id !== undefined) byId.set(`${element.name} ${id}`, element);
  }
  return (element) => byId.get(`${element.name} ${element.attributes['id-ref']}`) ?? element;
}

/**
 * The name-value pairs of some sets. As in Pacemaker 3.0.0 (lib/pengine/rules.c, make_pairs and populate_hash) the set
 * `first` comes first, then the higher score, then, of equal scores, the one that is listed last; the first value of a name
 * counts, and "#default" takes it away again.
 */
function values(sets: readonly XmlElement[], find: Find, first?: string): Record<string, string> {
  const found: Record<string, string> = {};
  const applying = sets.map(find).filter((set) => childOf(set, 'rule') === undefined);
  const rank = (set: XmlElement): number =>
    set.attributes.id === first ? Number.POSITIVE_INFINITY : score(set.attributes.score);
  // It collects them back to front before it sorts them, and the sort keeps what is equal in its order.
  const sorted = applying
    .reverse()
    .sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) > rank(a) ? 1 : -1));
  for (const pair of sorted
    .flatMap((set) => childrenOf(set, 'nvpair'))
    .map((pair) => ({ pair, found: find(pair) }))) {
    // A reference to a pair may give it another name.
    const name = pair.pair.attributes.name ?? pair.found.attributes.name;
    const { value } = pair.found.attributes;
    if (name === undefined || value === undefined) continue;
    if (value.toLowerCase() === '#default') delete found[name];
    else if (!(name in found)) found[name] = value;
  }
  return found;
}

function resourcesIn(
  element: XmlElement | undefined,
  parent: string | null,
  find: Find,
  around: Readonly<Record<string, string>> = {},
): CibResource[] {
  const templates = childrenOf(element, 'template');
  return (element?.children ?? []).flatMap((child): CibResource[] => {
    const id = child.attributes.id ?? '';
    switch (child.name) {
      case 'primitive': {
        const template = templates.find(
          (candidate) => candidate.attributes.id === child.attributes.template,
        );
        const primitive = primitiveOf(child, template, parent, find);
        // What is not set is looked for in what is around it (get_rsc_attributes).
        return [{ ...primitive, parameters: { ...around, ...primitive.parameters } }];
      }
      case 'group':
      case 'clone':
      case 'bundle': {
        const parameters = {
          ...around,
          ...values(childrenOf(child, 'instance_attributes'), find),
        };
        const collective: CibResource = {
          id,
          kind: child.name,
          agent: '',
          parameters,
          meta: values(childrenOf(child, 'meta_attributes'), find),
          operations: [],
          parent,
        };
        // Templates stand at the top alone.
        return [
          collective,
          ...resourcesIn(
            { ...child, children: [...child.children, ...templates] },
            id,
            find,
            parameters,
          ),
        ];
      }
      default:
        return [];
    }
  });
}

/**
 * A template is copied, and what the primitive has comes after it: its sets of values among the template's, and its operations
 * in place of those of the same name and role, whatever their interval (3.0.0: lib/pengine/complex.c, unpack_template).
 */
function primitiveOf(
  primitive: XmlElement,
  template: XmlElement | undefined,
  parent: string | null,
  find: Find,
): CibResource {
  const both = template === undefined ? [primitive] : [template, primitive];
  const merged = (name: string): Record<string, string> =>
    values(
      both.flatMap((part) => childrenOf(part, name)),
      find,
    );
  const {
    class: kind = '',
    provider,
    type = '',
  } = { ...primitive.attributes, ...template?.attributes };
  const operationsOf = (part: XmlElement | undefined): CibOperation[] =>
    childrenOf(part, 'operations').flatMap((list) =>
      childrenOf(find(list), 'op').map((op) => operationOf(find(op), find)),
    );
  const own = operationsOf(primitive);
  const inherited = operationsOf(template).filter(
    (one) => !own.some((other) => keyOf(other) === keyOf(one)),
  );
  return {
    id: primitive.attributes.id ?? '',
    kind: 'primitive',
    agent: [kind, provider, type].filter((word) => word !== undefined && word !== '').join(':'),
    parameters: merged('instance_attributes'),
    meta: merged('meta_attributes'),
    operations: [...own, ...inherited],
    ...(template?.attributes.id === undefined ? {} : { template: template.attributes.id }),
    parent,
  };
}

/** Started and Unpromoted are the role that an operation has without one (template_op_key). */
const keyOf = ({ name, role: of }: CibOperation): string =>
  `${name} ${of === null || /^(Started|Unpromoted)$/.test(of) ? '' : of}`;

/**
 * What stands in the element itself wins over a set of meta attributes within it (lib/pengine/pe_actions.c,
 * pcmk__unpack_action_meta); name, interval, role and enabled are looked for nowhere else (find_exact_action_config).
 */
function operationOf(op: XmlElement, find: Find): CibOperation {
  const { name = '', interval = '0', role: of } = op.attributes;
  const set = { ...values(childrenOf(op, 'meta_attributes'), find), ...op.attributes };
  return {
    name,
    interval: seconds(interval) ?? 0,
    timeout: set.timeout === undefined ? null : plainSeconds(set.timeout) || usualTimeout,
    onFail: set['on-fail'] ?? null,
    role: of === undefined ? null : role(of),
    // A word that is no truth value disables nothing.
    enabled: !/^(false|off|no|n|0)$/i.test(op.attributes.enabled ?? ''),
  };
}

const constraintKinds: Readonly<Record<string, CibConstraint['kind']>> = {
  rsc_location: 'location',
  rsc_colocation: 'colocation',
  rsc_order: 'order',
  rsc_ticket: 'ticket',
};

function constraintOf(constraint: XmlElement, find: Find): CibConstraint[] {
  const kind = constraintKinds[constraint.name];
  if (kind === undefined) return [];
  return [
    {
      id: constraint.attributes.id ?? '',
      kind,
      attributes: constraint.attributes,
      sets: childrenOf(constraint, 'resource_set')
        .map(find)
        .map((set) => ({
          attributes: set.attributes,
          resources: childrenOf(set, 'resource_ref').map((member) => member.attributes.id ?? ''),
        })),
      hasRules: everyElement(constraint).some(({ name }) => name === 'rule'),
    },
  ];
}

/** Permanent attributes, and those until the node's next reboot, which win. */
function nodeAttributesOf(cib: XmlElement, find: Find): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  const add = (node: XmlElement, holder: XmlElement | undefined): void => {
    const { uname } = node.attributes;
    if (uname === undefined) return;
    found[uname] = { ...found[uname], ...values(childrenOf(holder, 'instance_attributes'), find) };
  };
  for (const node of childrenOf(childOf(childOf(cib, 'configuration'), 'nodes'), 'node'))
    add(node, node);
  for (const state of childrenOf(childOf(cib, 'status'), 'node_state')) {
    add(state, childOf(state, 'transient_attributes'));
  }
  return found;
}
