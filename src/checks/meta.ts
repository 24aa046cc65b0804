import type { Cib, CibResource } from '../cluster/state.ts';
import { ancestorsOf, type ClusterView } from './select.ts';
import { sameSetting } from './settings.ts';

/** A meta attribute that a resource has: its own, else of what is around it, else of the defaults. */
export const metaOf = (resource: CibResource, name: string, cib: Cib): string | undefined =>
  [...[resource, ...ancestorsOf(cib, resource)].map(({ meta }) => meta), cib.resourceDefaults].find(
    (meta) => meta[name] !== undefined,
  )?.[name];

/** What is wrong with a resource's meta attributes, in a sentence; null when all are as wanted. */
export function wrongMeta(
  resource: CibResource,
  wanted: Readonly<Record<string, string>> | undefined,
  { cib }: Pick<ClusterView, 'cib'>,
): string | null {
  for (const [name, value] of Object.entries(wanted ?? {})) {
    const found = metaOf(resource, name, cib);
    if (found === undefined) return `${resource.id} does not set ${name}; it should be ${value}.`;
    if (!sameSetting(value, found)) return `${resource.id} has ${name}=${found}, not ${value}.`;
  }
  return null;
}
