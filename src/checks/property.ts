import * as z from 'zod';
import { clusterView, failed, misconfigured, passed, type Scene } from './select.ts';
import { sameSetting, settingSchema } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const propertySchema = z.strictObject({ name: z.string(), is: settingSchema });

/** A cluster property is set to a value. */
export function judgeProperty({ name, is }: z.infer<typeof propertySchema>, scene: Scene): Verdict {
  const expectation = `The cluster property ${name} is ${is}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = view.cib.properties[name];
  if (found === undefined) {
    return misconfigured(expectation, `${name} is not set, so its default holds.`);
  }
  if (!sameSetting(is, found)) return misconfigured(expectation, `${name} is ${found}, not ${is}.`);
  return passed(expectation, `${name} is ${found}.`);
}
