import type { Shell } from '../lab/machine.ts';

/** What the time of an outage went to, in seconds; null for what did not happen in it. */
export interface Breakdown {
  /** Until the cluster knew: a monitor failed, or Corosync had formed a ring without the lost node. null when it was told to move. */
  readonly detection: number | null;
  /** From then until a node was known to be fenced. */
  readonly fencing: number | null;
  /** From then until a clone was promoted. */
  readonly promotion: number | null;
  /** The rest: stops, starts, and the client's way to the service. */
  readonly start: number;
}

/** A line of a node's log; `at` in seconds since the epoch, on this computer's clock. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/** Lines that mean that the cluster has noticed something (a promoted clone is found "Promoted"); as Corosync 3 and Pacemaker 2 and 3 write them. */
const noticed =
  /A new membership .* was formed\. .*Members.* left|Result of (\d+\S* )?monitor operation for .*: (?!OK|Promoted)/i;
const fenced = /Operation '(reboot|off)' targeting .*: (OK|complete)/i;
const promoted = /Result of promote operation for .*: OK/i;

/**
 * Divides an outage (its ends in seconds since the epoch) by what the nodes' logs say. Each part ends with the last line of its
 * kind within the outage, and begins where the part before it ended. null when no line tells of any part.
 */
export function breakdown(
  outage: { readonly from: number; readonly until: number },
  lines: readonly LogLine[],
): Breakdown | null {
  const within = lines.filter(({ at }) => at >= outage.from - tolerance && at <= outage.until);
  const first = within
    .filter(({ text }) => noticed.test(text))
    .map(({ at }) => at)
    .toSorted((a, b) => a - b)[0];
  const known = Math.max(first ?? outage.from, outage.from);
  const last = (pattern: RegExp): number | null => {
    const times = within.filter(({ at, text }) => at >= known && pattern.test(text));
    return times.length === 0 ? null : Math.max(...times.map(({ at }) => at));
  };
  const off = last(fenced);
  const up = last(promoted);
  if (first === undefined && off === null && up === null) return null;
  const afterFencing = off ?? known;
  const afterPromotion = Math.max(up ?? afterFencing, afterFencing);
  return {
    detection: first === undefined ? null : tenths(known - outage.from),
    fencing: off === null ? null : tenths(off - known),
    promotion: up === null ? null : tenths(Math.max(0, up - afterFencing)),
    start: tenths(outage.until - afterPromotion),
  };
}

/** Seconds by which two machines' clocks may be read apart. */
const tolerance = 1;

const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;

/** What Corosync and Pacemaker on some machines logged in the last seconds; a machine that does not answer has no lines. */
export async function readClusterLogs(
  shell: Shell,
  machines: readonly string[],
  seconds: number,
): Promise<LogLine[]> {
  const script = `journalctl --no-pager --output=short-unix --since=-${Math.ceil(seconds)}s --unit=corosync --unit=pacemaker | grep -E 'new membership|Result of|targeting'; echo "now $(date +%s.%N)"`;
  const read = await Promise.all(
    machines.map(async (machine) => {
      const result = await shell.runAsRoot(machine, script, { timeout: 30_000 });
      return result.reached ? parseLog(result.stdout, Date.now() / 1000) : [];
    }),
  );
  return read.flat();
}

/** Lines as journalctl(1) prints them with short-unix, closed by "now SECONDS" with that machine's clock; `readAt` is this computer's at that moment. */
export function parseLog(text: string, readAt: number): LogLine[] {
  const now = Number(/^now ([\d.]+)$/m.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(now)) return [];
  return [...text.matchAll(/^(\d+\.\d+) (.*)$/gm)].map(([, at, line = '']) => ({
    at: Number(at) + readAt - now,
    text: line,
  }));
}

/** "detection 11.0 s, promotion 2.1 s, start 4.0 s" */
export function inWords({ detection, fencing, promotion, start }: Breakdown): string {
  const parts = { detection, fencing, promotion, start };
  return Object.entries(parts)
    .filter(([, seconds]) => seconds !== null)
    .map(([name, seconds]) => `${name} ${seconds?.toFixed(1)} s`)
    .join(', ');
}
