import type {
  Ban,
  FailCount,
  Failure,
  PacemakerNode,
  PacemakerStatus,
  RunningResource,
} from '../state.ts';
import { role } from './role.ts';
import { score } from './score.ts';
import { childOf, childrenOf, flag, parseXml, type XmlElement } from './xml.ts';

/**
 * Reads `crm_mon --output-as=xml --inactive` (crm_mon(8)). The DC's state comes from another
 * tool: see `parseControllerState`.
 * @throws Error with the tool's own message when it reports a failure.
 */
export function parseCrmMon(text: string): Omit<PacemakerStatus, 'dcState'> {
  const result = parseResult('crm_mon', text);
  const dc = childOf(childOf(result, 'summary'), 'current_dc');
  const present = dc !== undefined && flag(dc, 'present');
  return {
    version: dc?.attributes.version ?? '',
    dc: present ? (dc.attributes.name ?? null) : null,
    quorate: dc !== undefined && flag(dc, 'with_quorum'),
    options: childOf(childOf(result, 'summary'), 'cluster_options')?.attributes ?? {},
    nodes: childrenOf(childOf(result, 'nodes'), 'node').map(nodeOf),
    resources: instancesIn(childOf(result, 'resources'), []),
    bans: childrenOf(childOf(result, 'bans'), 'ban').map(banOf),
    failures: childrenOf(childOf(result, 'failures'), 'failure').map(failureOf),
    failCounts: childrenOf(childOf(result, 'node_history'), 'node').flatMap(failCountsOn),
  };
}

/**
 * Reads `crmadmin --output-as=xml --status NODE` (crmadmin(8)): "S_IDLE" and the like; null when
 * the controller did not tell.
 * @throws Error with the tool's own message when it reports a failure.
 */
export function parseControllerState(text: string): string | null {
  return childOf(parseResult('crmadmin', text), 'crmd')?.attributes.state ?? null;
}

/** The root of a Pacemaker tool's XML; its last element tells whether the tool succeeded. */
function parseResult(tool: string, text: string): XmlElement {
  const result = parseXml(text);
  const status = childOf(result, 'status');
  if (status === undefined) throw new Error(`${tool}: its XML has no status`);
  if (status.attributes.code !== '0') {
    const message = status.attributes.message ?? `status ${status.attributes.code}`;
    throw new Error(`${tool}: ${message}`);
  }
  return result;
}

function nodeOf(node: XmlElement): PacemakerNode {
  return {
    name: node.attributes.name ?? '',
    id: node.attributes.id ?? '',
    online: flag(node, 'online'),
    standby: flag(node, 'standby') || flag(node, 'standby_onfail'),
    maintenance: flag(node, 'maintenance'),
    pending: flag(node, 'pending'),
    unclean: flag(node, 'unclean'),
    isDc: flag(node, 'is_dc'),
  };
}

type Parents = RunningResource['parents'];

/** The instances below an element, whatever groups, clones and bundles they are in. */
function instancesIn(element: XmlElement | undefined, parents: Parents): RunningResource[] {
  return (element?.children ?? []).flatMap((child) => {
    const id = child.attributes.id ?? '';
    switch (child.name) {
      case 'resource':
        return [instanceOf(child, parents)];
      case 'group':
      case 'clone':
      case 'bundle':
        return instancesIn(child, [{ id, kind: child.name }, ...parents]);
      case 'replica':
        return instancesIn(child, parents);
      default:
        return [];
    }
  });
}

function instanceOf(resource: XmlElement, parents: Parents): RunningResource {
  const { id = '', resource_agent: agent = '', target_role: target, pending } = resource.attributes;
  return {
    id,
    agent,
    role: role(resource.attributes.role ?? ''),
    targetRole: target === undefined ? null : role(target),
    active: flag(resource, 'active'),
    pending: pending ?? null,
    managed: flag(resource, 'managed', true),
    maintenance: flag(resource, 'maintenance'),
    failed: flag(resource, 'failed'),
    blocked: flag(resource, 'blocked'),
    // Later versions say "removed".
    orphaned: flag(resource, 'orphaned') || flag(resource, 'removed'),
    nodes: childrenOf(resource, 'node').map((node) => node.attributes.name ?? ''),
    parents,
  };
}

function banOf(ban: XmlElement): Ban {
  return {
    id: ban.attributes.id ?? '',
    resource: ban.attributes.resource ?? '',
    node: ban.attributes.node ?? '',
    weight: score(ban.attributes.weight),
    promotedOnly: flag(ban, 'promoted-only') || flag(ban, 'master_only'),
  };
}

function failureOf(failure: XmlElement): Failure {
  const { op_key: key = '', id = '', task = '', node = '' } = failure.attributes;
  return {
    // The key of an operation is RESOURCE_TASK_INTERVAL.
    resource: (key || id).replace(new RegExp(`_${task || '[a-z-]+'}_\\d+$`), ''),
    operation: task,
    node,
    exitStatus: failure.attributes.exitstatus ?? '',
    exitReason: failure.attributes.exitreason ?? '',
    when: failure.attributes['last-rc-change'] ?? '',
  };
}

function failCountsOn(node: XmlElement): FailCount[] {
  return childrenOf(node, 'resource_history').flatMap((history) => {
    const count = score(history.attributes['fail-count']);
    if (count === 0) return [];
    return [{ resource: history.attributes.id ?? '', node: node.attributes.name ?? '', count }];
  });
}
