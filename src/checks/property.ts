import * as z from 'zod';
import { newName, usualName } from './cluster-options.ts';
import { clusterView, failed, misconfigured, passed, type Scene } from './select.ts';
import { sameSetting, settingSchema, truth } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const propertySchema = z.strictObject({ name: z.string(), is: settingSchema });

/** A cluster property is set to a value, under a name that this Pacemaker knows, and is in force. */
export function judgeProperty({ name, is }: z.infer<typeof propertySchema>, scene: Scene): Verdict {
  const expectation = `The cluster property ${name} is ${is}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const { properties } = view.cib;
  const usual = usualName(name);
  const inForce = view.status.options[usual];
  const now = inForce === undefined ? '' : ` What is in force is ${usual}=${inForce} (crm_mon).`;
  const found = properties[usual];
  if (found === undefined) {
    const later = newName(name);
    const unknown = later === undefined ? undefined : properties[later];
    return misconfigured(
      expectation,
      unknown === undefined
        ? `${usual} is not set, so its default holds.`
        : `${later} is ${unknown}, but this Pacemaker (${view.status.version}) does not know that name, which came with 3.0.2: set ${usual}.${now}`,
    );
  }
  if (!sameSetting(is, found)) {
    return misconfigured(expectation, `${usual} is ${found}, not ${is}.`);
  }
  const wanted = truth(is);
  if (wanted !== null && inForce !== undefined && truth(inForce) === !wanted) {
    return failed(expectation, `${usual} is set to ${found}.${now}`);
  }
  return passed(expectation, `${usual} is ${found}.`);
}
