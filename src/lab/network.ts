import { usageError } from '../errors.ts';
import { labNames, type ProviderName, readLab } from './lab.ts';

/**
 * What VirtualBox lets host-only networks have unless it is told otherwise: 192.168.56.0/21 (its manual, "Host-Only
 * Networking").
 */
const prefixes = [56, 57, 58, 59, 60, 61, 62, 63].map((third) => `192.168.${third}`);

/**
 * The first three numbers of a lab's cluster network. A rootless lab's is a switch of its own, so all have the same;
 * with other providers the computer knows it, and each lab has another.
 * @throws HalabError (exit 2) when all are taken.
 */
export function networkFor(name: string, provider: ProviderName): string {
  const [first = ''] = prefixes;
  if (provider === 'rootless') return first;
  const taken = new Set(
    labNames()
      .filter((other) => other !== name)
      .flatMap((other) => takenBy(other)),
  );
  const free = prefixes.find((prefix) => !taken.has(prefix));
  if (free !== undefined) return free;
  throw usageError(
    `There is no network left for another lab: ${prefixes.length} labs have one each.`,
    'Remove one: halab --lab NAME destroy',
  );
}

/** The network that a lab has on this computer: none for a rootless lab, nor where the record cannot be read. */
function takenBy(name: string): string[] {
  try {
    const { provider, network } = readLab(name).record;
    return provider === 'rootless' ? [] : [network];
  } catch {
    // A lab without a readable record can only be removed.
    return [];
  }
}
