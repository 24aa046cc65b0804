import type { SmokeResult } from './results.ts';

/** A line for each measured outage; "" when none was measured. */
export function renderOutages(results: readonly SmokeResult[]): string {
  return results
    .filter(({ outageSeconds }) => outageSeconds !== undefined)
    .map(
      ({ lesson, name, outageSeconds }) =>
        `${lesson}, ${name}: ${outageSeconds?.toFixed(1)} s without an answer\n`,
    )
    .join('');
}
