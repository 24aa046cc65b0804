import * as z from 'zod';
import { clusterView, failed, misconfigured, passed, type Scene } from './select.ts';
import { sameSetting, scoreOf, settingSchema } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const resourceDefaultSchema = z
  .strictObject({
    name: z.string(),
    is: settingSchema.optional(),
    'at-least': z.number().optional(),
  })
  .refine(
    (check) => (check.is === undefined) !== (check['at-least'] === undefined),
    'expected either is or at-least',
  );

/** A resource default (rsc_defaults) has a value, or at least a score. */
export function judgeResourceDefault(
  expected: z.infer<typeof resourceDefaultSchema>,
  scene: Scene,
): Verdict {
  const { name, is } = expected;
  const least = expected['at-least'];
  const wanted = is ?? `at least ${least}`;
  const expectation = `The resource default ${name} is ${wanted}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = view.cib.resourceDefaults[name];
  if (found === undefined)
    return misconfigured(expectation, `No resource default is set for ${name}.`);
  const number = scoreOf(found);
  const right =
    is === undefined
      ? number !== null && least !== undefined && number >= least
      : sameSetting(is, found);
  const seen = `The resource default ${name} is ${found}`;
  return right
    ? passed(expectation, `${seen}.`)
    : misconfigured(expectation, `${seen}, not ${wanted}.`);
}
