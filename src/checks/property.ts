import * as z from 'zod';
import { clusterView, failed, passed, type Scene, score, truth } from './select.ts';
import type { Verdict } from './verdict.ts';

const value = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const propertySchema = z.strictObject({ name: z.string(), is: value });

/** A cluster property is set to a value. */
export function judgeProperty({ name, is }: z.infer<typeof propertySchema>, scene: Scene): Verdict {
  const expectation = `The cluster property ${name} is ${is}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = view.cib.properties[name];
  if (found === undefined) return failed(expectation, `${name} is not set, so its default holds.`);
  const same = truth(is) === null ? found === is : truth(found) === truth(is);
  return same ? passed(expectation, `${name} is ${found}.`) : failed(expectation, `${name} is ${found}.`);
}

export const resourceDefaultSchema = z
  .strictObject({ name: z.string(), is: value.optional(), 'at-least': z.number().optional() })
  .refine((check) => (check.is === undefined) !== (check['at-least'] === undefined), 'give either is or at-least');

/** A resource default (rsc_defaults) has a value, or at least a score. */
export function judgeResourceDefault(expected: z.infer<typeof resourceDefaultSchema>, scene: Scene): Verdict {
  const { name, is } = expected;
  const least = expected['at-least'];
  const expectation = `The resource default ${name} is ${is ?? `at least ${least}`}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = view.cib.resourceDefaults[name];
  if (found === undefined) return failed(expectation, `No default is set for ${name}.`);
  const number = score(found);
  const right = is !== undefined ? found === is : number !== null && least !== undefined && number >= least;
  return right ? passed(expectation, `The default of ${name} is ${found}.`) : failed(expectation, `The default of ${name} is ${found}.`);
}
