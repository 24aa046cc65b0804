import type { Machine, Shell } from '../lab/machine.ts';
import { collect, type ObserveOptions } from './collect.ts';
import { readObservation } from './read.ts';
import type { ClusterState } from './state.ts';

/**
 * Looks at all machines at once, one round trip each, and returns what was seen, deeply frozen.
 * Never fails for a machine's sake: one that cannot be reached is in the state as such, with the
 * reason, and so is a part that could not be read.
 */
export async function observe(
  shell: Shell,
  machines: readonly Machine[],
  options: ObserveOptions = {},
): Promise<ClusterState> {
  return readObservation(await collect(shell, machines, options));
}
