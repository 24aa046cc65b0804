import * as z from 'zod';
import type { Machine, Shell } from '../lab/machine.ts';

/**
 * The least that tells whether a machine that was saved and restored lives on as it did. A whole
 * observation starts so many programs that one takes seconds when nothing is in any cache; this is
 * one program at most.
 */
export const pulseSchema = z.object({
  /**
   * How often corosync has formed its ring: it has lost no member as long as that stays the same
   * (stats.srp.operational_entered, cmap_keys(8)). null: it does not run.
   */
  ringsFormed: z.number().nullable(),
  /** Milliseconds since corosync's token last came by (stats.srp.time_since_token_last_received). */
  tokenAge: z.number().nullable(),
  /** DRBD's connections: "0 Connected", "1 StandAlone". */
  connections: z.array(z.string()),
});

export type Pulse = z.infer<typeof pulseSchema>;

/** `$1`: the time to set the clock to, in seconds since the epoch; empty to leave it. */
const script = `
pulse() {
  export LC_ALL=C
  [ -z "$1" ] || date --set="@$1" > /dev/null
  if [ -e /proc/drbd ]; then
    while read -r minor state _; do
      case $state in cs:*) echo "drbd \${minor%:} \${state#cs:}" ;; esac
    done < /proc/drbd
  fi
  if [ -d /sys/fs/cgroup/system.slice/corosync.service ]; then corosync-cmapctl -m stats stats.srp.; fi
  echo alive
}
`;

/** Feels the pulse of all machines at once; null for a machine that does not answer in full. */
export async function readPulses(
  shell: Shell,
  machines: readonly Machine[],
  options: { setClocks?: boolean } = {},
): Promise<Readonly<Record<string, Pulse | null>>> {
  const entries = machines.map(async ({ name }) => {
    const now = options.setClocks === true ? (Date.now() / 1000).toFixed(3) : '';
    const answer = await shell.runAsRoot(name, `${script}\npulse '${now}' </dev/null\n`);
    return [name, answer.reached ? parsePulse(answer.stdout) : null] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Reads what the script prints; null when it is cut off. */
export function parsePulse(text: string): Pulse | null {
  if (!/^alive$/m.test(text)) return null;
  const statistic = (name: string): number | null => {
    const found = new RegExp(`^stats\\.srp\\.${name} \\(u\\d+\\) = (\\d+)$`, 'm').exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  return {
    ringsFormed: statistic('operational_entered'),
    tokenAge: statistic('time_since_token_last_received'),
    connections: [...text.matchAll(/^drbd (\d+ \S+)$/gm)].map(([, connection = '']) => connection),
  };
}

/**
 * Whether a machine lives on as it was saved: the same ring, and its token has come by since the
 * machine runs again (`ranFor` milliseconds before it was asked), and DRBD has the connections that it had.
 */
export function livesOn(saved: Pulse, now: Pulse | null, ranFor: number): boolean {
  if (now === null || now.ringsFormed !== saved.ringsFormed) return false;
  if (now.connections.join() !== saved.connections.join()) return false;
  return saved.ringsFormed === null || (now.tokenAge !== null && now.tokenAge < ranFor);
}
