import type { Cib, CibConstraint, CibOperation, CibResource } from '../state.ts';
import { seconds } from './duration.ts';
import { role } from './role.ts';
import { score } from './score.ts';
import { childOf, childrenOf, everyElement, flag, parseXml, type XmlElement } from './xml.ts';

/**
 * Properties that Pacemaker 3.0.2 renamed, by their new names. It looks for the new name first
 * and takes the old one when that is not set (pacemaker's lib/common/options.c).
 */
const renamedProperties: Readonly<Record<string, string>> = {
  'fencing-enabled': 'stonith-enabled',
  'fencing-action': 'stonith-action',
  'fencing-timeout': 'stonith-timeout',
  'fencing-max-attempts': 'stonith-max-attempts',
  'fencing-watchdog-timeout': 'stonith-watchdog-timeout',
  'fencing-reaction': 'fence-reaction',
};

/**
 * Reads `cibadmin --query` (cibadmin(8)). Templates and references (id-ref) are filled in. A set
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
    properties: withOldNames(
      values(
        childrenOf(section('crm_config'), 'cluster_property_set'),
        find,
        'cib-bootstrap-options',
      ),
    ),
    resourceDefaults: values(childrenOf(section('rsc_defaults'), 'meta_attributes'), find),
    operationDefaults: values(childrenOf(section('op_defaults'), 'meta_attributes'), find),
    resources: resourcesIn(section('resources'), null, find),
    constraints: (section('constraints')?.children ?? []).flatMap(constraintOf),
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
 * The name-value pairs of some sets. As in Pacemaker (Pacemaker Explained, "Rules"), the set
 * `first` comes first, then the higher score, and the first value of a name counts.
 */
function values(sets: readonly XmlElement[], find: Find, first?: string): Record<string, string> {
  const found: Record<string, string> = {};
  const applying = sets.map(find).filter((set) => childOf(set, 'rule') === undefined);
  const rank = (set: XmlElement): number =>
    set.attributes.id === first ? Number.POSITIVE_INFINITY : score(set.attributes.score);
  const sorted = applying.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
  for (const pair of sorted
    .flatMap((set) => childrenOf(set, 'nvpair'))
    .map((pair) => ({ pair, found: find(pair) }))) {
    // A reference to a pair may give it another name.
    const name = pair.pair.attributes.name ?? pair.found.attributes.name;
    const { value } = pair.found.attributes;
    if (name !== undefined && value !== undefined && !(name in found)) found[name] = value;
  }
  return found;
}

function withOldNames(properties: Record<string, string>): Record<string, string> {
  const old = { ...properties };
  for (const [name, oldName] of Object.entries(renamedProperties)) {
    const value = properties[name];
    if (value === undefined) continue;
    delete old[name];
    if (value !== '') old[oldName] = value;
  }
  return old;
}

function resourcesIn(
  element: XmlElement | undefined,
  parent: string | null,
  find: Find,
): CibResource[] {
  const templates = childrenOf(element, 'template');
  return (element?.children ?? []).flatMap((child): CibResource[] => {
    const id = child.attributes.id ?? '';
    switch (child.name) {
      case 'primitive': {
        const template = templates.find(
          (candidate) => candidate.attributes.id === child.attributes.template,
        );
        return [primitiveOf(child, template, parent, find)];
      }
      case 'group':
      case 'clone':
      case 'bundle': {
        const collective: CibResource = {
          id,
          kind: child.name,
          agent: '',
          parameters: values(childrenOf(child, 'instance_attributes'), find),
          meta: values(childrenOf(child, 'meta_attributes'), find),
          operations: [],
          parent,
        };
        // Templates stand at the top alone.
        return [
          collective,
          ...resourcesIn({ ...child, children: [...child.children, ...templates] }, id, find),
        ];
      }
      default:
        return [];
    }
  });
}

function primitiveOf(
  primitive: XmlElement,
  template: XmlElement | undefined,
  parent: string | null,
  find: Find,
): CibResource {
  const both = template === undefined ? [primitive] : [primitive, template];
  const merged = (name: string): Record<string, string> =>
    Object.assign({}, ...both.toReversed().map((part) => values(childrenOf(part, name), find)));
  const {
    class: kind = '',
    provider,
    type = '',
  } = { ...template?.attributes, ...primitive.attributes };
  const operations = both.flatMap((part) =>
    childrenOf(part, 'operations').flatMap((list) =>
      childrenOf(find(list), 'op').map((op) => operationOf(find(op), find)),
    ),
  );
  return {
    id: primitive.attributes.id ?? '',
    kind: 'primitive',
    agent: [kind, provider, type].filter((word) => word !== undefined && word !== '').join(':'),
    parameters: merged('instance_attributes'),
    meta: merged('meta_attributes'),
    // The primitive's own operation stands for the template's of the same name and interval.
    operations: operations.filter(
      (one, index) =>
        operations.findIndex(
          ({ name, interval }) => name === one.name && interval === one.interval,
        ) === index,
    ),
    parent,
  };
}

function operationOf(op: XmlElement, find: Find): CibOperation {
  const set = { ...op.attributes, ...values(childrenOf(op, 'meta_attributes'), find) };
  return {
    name: set.name ?? '',
    interval: seconds(set.interval ?? '0') ?? 0,
    timeout: set.timeout === undefined ? null : seconds(set.timeout),
    onFail: set['on-fail'] ?? null,
    role: set.role === undefined ? null : role(set.role),
    enabled: flag({ ...op, attributes: set }, 'enabled', true),
  };
}

const constraintKinds: Readonly<Record<string, CibConstraint['kind']>> = {
  rsc_location: 'location',
  rsc_colocation: 'colocation',
  rsc_order: 'order',
  rsc_ticket: 'ticket',
};

function constraintOf(constraint: XmlElement): CibConstraint[] {
  const kind = constraintKinds[constraint.name];
  if (kind === undefined) return [];
  return [
    {
      id: constraint.attributes.id ?? '',
      kind,
      attributes: constraint.attributes,
      sets: childrenOf(constraint, 'resource_set').map((set) => ({
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
