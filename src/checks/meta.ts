import type { CibResource } from '../cluster/state.ts';
import { ancestorsOf, type ClusterView } from './select.ts';
import { sameSetting } from './settings.ts';

/** What is wrong with a resource's meta attributes, in a sentence; null when all are as wanted. They come from the resource, else from what is around it, else from the defaults. */
export function wrongMeta(
  resource: CibResource,
  wanted: Readonly<Record<string, string>> | undefined,
  { cib }: Pick<ClusterView, 'cib'>,
): string | null {
  const around = [resource, ...ancestorsOf(cib, resource)].map(({ meta }) => meta);
  for (const [name, value] of Object.entries(wanted ?? {})) {
    const found = [...around, cib.resourceDefaults].find((meta) => meta[name] !== undefined)?.[
      name
    ];
    if (found === undefined) return `${resource.id} does not set ${name}; it should be ${value}.`;
    if (!sameSetting(value, found)) return `${resource.id} has ${name}=${found}, not ${value}.`;
  }
  return null;
}
