import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { Flavour } from '../course/lesson.ts';
import { accelerators } from '../lab/accelerator.ts';
import { packageVersion } from '../paths.ts';
import type { Session } from '../session/session.ts';
import { timesDocument } from './outages.ts';
import type { SmokeResult } from './results.ts';

/** Writes the outages of a smoke into the document on failover times; rows of other drills stay. */
export function writeTimes(
  file: string,
  { lab, course }: Session,
  results: readonly SmokeResult[],
  flavour: Flavour,
): void {
  const { accelerator, provider } = lab.record;
  const measured = {
    at: new Date(),
    halab: packageVersion(),
    flavour,
    processor: cpus()[0]?.model ?? 'an unknown processor',
    cores: availableParallelism(),
    accelerator: accelerators[accelerator].title,
    provider,
  };
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  const order = course.lessons.map(({ id }) => id);
  writeFileSync(file, timesDocument(results, measured, { before, order }));
}
