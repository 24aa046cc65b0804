import * as z from 'zod';
import type { CibResource } from '../cluster/state.ts';
import { isAgent } from './agents.ts';
import { byAddress, type Names, plainClient, plainSource, prefixLength } from './names.ts';
import { type ClusterView, listed } from './select.ts';
import { settingSchema, truth } from './settings.ts';

/** Which resource a check means: never by its id, which is the learner's own choice. */
export const selectorSchema = z.strictObject({
  agent: z
    .string()
    .regex(/^[a-z]+(:[\w-]+)?:[\w@.-]+$/, 'expected CLASS:PROVIDER:TYPE or CLASS:TYPE'),
  with: z.record(z.string(), settingSchema).default({}),
});

export type Selector = z.infer<typeof selectorSchema>;

/**
 * Parameters that an agent finds out by itself when they are not set, so that they need not be, and
 * do not tell one resource from another. IPaddr2: both from the routing table (ocf_heartbeat_IPaddr2(7)).
 */
const ownChoice: Readonly<Record<string, readonly string[]>> = {
  'ocf:heartbeat:IPaddr2': ['cidr_netmask', 'nic'],
};

/** The configuration, and who is meant by a name in it. */
type Configuration = Pick<ClusterView, 'cib' | 'names'>;

/** The primitives in the configuration that are for the same thing, however well they are set up. */
export function matching({ cib, names }: Configuration, selector: Selector): CibResource[] {
  const { agent } = selector;
  const telling = Object.entries(selector.with).filter(([name]) => !isOwnChoice(agent, name));
  return cib.resources.filter(
    (resource) =>
      resource.kind === 'primitive' &&
      isAgent(resource.agent, agent) &&
      telling.every(([name, value]) =>
        sameParameter(name, value, resource.parameters[name], names),
      ),
  );
}

/** The one primitive for that, or the sentence that says why there is not one. */
export function onlyOne(view: Configuration, selector: Selector): CibResource | string {
  const found = matching(view, selector);
  const [resource] = found;
  if (resource === undefined)
    return `The cluster has no such resource: ${describeSelector(selector)}.`;
  if (found.length === 1) return resource;
  return `${listed(found.map(({ id }) => id))} are resources for the same thing: keep one.`;
}

const isOwnChoice = (agent: string, name: string): boolean =>
  ownChoice[agent]?.includes(name) === true;

/** "vip: cidr_netmask is 32, not 24" for what is set otherwise than wanted; null when nothing is. */
export function wrongParameters(
  resource: CibResource,
  selector: Selector,
  names: Names,
): string | null {
  const wrong = Object.entries(selector.with).flatMap(([name, value]) => {
    const found = resource.parameters[name];
    if (sameParameter(name, value, found, names)) return [];
    if (found === undefined) {
      return isOwnChoice(selector.agent, name)
        ? []
        : [`${name} is not set (it should be ${value})`];
    }
    return [`${name} is ${found}, not ${value}`];
  });
  return wrong.length === 0 ? null : `${resource.id}: ${listed(wrong)}`;
}

function sameParameter(
  name: string,
  wanted: string,
  found: string | undefined,
  names: Names,
): boolean {
  if (found === undefined) return false;
  const one = plain(name, wanted, names);
  const other = plain(name, found, names);
  return one === other || (truth(one) !== null && truth(one) === truth(other));
}

/** A parameter's value in one of its spellings. */
function plain(name: string, value: string, names: Names): string {
  const text = value.trim();
  if (name === 'cidr_netmask') return String(prefixLength(text) ?? text);
  if (name === 'clientspec') return plainClient(text, names);
  // A path may be written with slashes too many.
  if (text.startsWith('/'))
    return text === '/' ? text : text.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  return /^[^/:\s]+:\//.test(text) ? plainSource(text, names) : byAddress(text, names);
}

/** "a resource ocf:heartbeat:IPaddr2 with ip=192.168.56.100" */
export function describeSelector({ agent, with: parameters }: Selector): string {
  const conditions = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return `a resource ${agent}${conditions.length === 0 ? '' : ` with ${listed(conditions)}`}`;
}
