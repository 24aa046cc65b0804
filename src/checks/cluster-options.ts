import type { Cib, PacemakerStatus } from '../cluster/state.ts';
import { truth } from './settings.ts';

/** What cluster properties are in force, whatever names stand in the configuration. */

/** Properties that Pacemaker 3.0.2 renamed, by their new names (lib/common/options.c); before, the new name means nothing. */
const renamed: Readonly<Record<string, string>> = {
  'fencing-enabled': 'stonith-enabled',
  'fencing-action': 'stonith-action',
  'fencing-timeout': 'stonith-timeout',
  'fencing-max-attempts': 'stonith-max-attempts',
  'fencing-watchdog-timeout': 'stonith-watchdog-timeout',
  'fencing-reaction': 'fence-reaction',
};

const knowsNewNames = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  return (major - 3 || minor || patch - 2) >= 0;
};

/** A property's name as every version has it. */
export const usualName = (name: string): string => renamed[name] ?? name;

/** The new name of a property, where it is another. */
export const newName = (name: string): string | undefined =>
  Object.keys(renamed).find((one) => renamed[one] === usualName(name));

/**
 * The properties by the names that every version has. One that knows the new names looks for those first; to one that does not
 * they are no properties, and are left as they are.
 */
export function byUsualNames(
  properties: Cib['properties'],
  { version }: Pick<PacemakerStatus, 'version'>,
): Record<string, string> {
  const usual = { ...properties };
  if (!knowsNewNames(version)) return usual;
  for (const [name, old] of Object.entries(renamed)) {
    const value = properties[name];
    if (value === undefined) continue;
    delete usual[name];
    if (value !== '') usual[old] = value;
  }
  return usual;
}

/** Whether fencing is on: as crm_mon says, else as configured. */
export const isFencingOn = (
  { properties }: Pick<Cib, 'properties'>,
  { options }: Pick<PacemakerStatus, 'options'>,
): boolean =>
  truth(options['stonith-enabled'] ?? '') ?? truth(properties['stonith-enabled'] ?? '') ?? true;
