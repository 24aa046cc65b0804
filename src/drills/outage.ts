import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HalabError } from '../errors.ts';
import type { Shell } from '../lab/machine.ts';

/** Seconds between two samples. */
const interval = 0.1;

/** What a client saw. */
export interface Outage {
  /** The longest time without an answer, in seconds on the client's clock; 0 when no sample was lost. */
  readonly seconds: number;
  /** false: there was no answer at the end. */
  readonly recovered: boolean;
  readonly samples: number;
  readonly lost: number;
}

/** A running measurement. */
export interface Probe {
  /** The outage so far. */
  read(): Promise<Outage>;
  /** Ends the measurement and returns what it saw. */
  stop(): Promise<Outage>;
}

/**
 * Starts asking an address for an answer ten times a second (ICMP echo) from a machine of the lab.
 * The samples are taken and timed there, by ping(8) as a unit of the machine's own, so that neither
 * halab nor another clock has a part in the figure. The unit ends by itself after 15 minutes.
 * @throws HalabError when the address does not answer to begin with.
 */
export async function startProbe(shell: Shell, client: string, ip: string): Promise<Probe> {
  const unit = `halab-probe-${randomBytes(4).toString('hex')}`;
  const log = `/run/${unit}.log`;
  const started = await shell.runAsRoot(
    client,
    `systemd-run --quiet --collect --unit=${unit} --property=RuntimeMaxSec=900 --property=StandardOutput=file:${log} ping -n -D -O -i ${interval} ${ip}`,
  );
  if (!started.reached || started.exitCode !== 0) {
    throw new HalabError(`The outage cannot be measured from ${client}.`, {
      reason: started.stderr,
      next: 'halab status',
    });
  }
  const read = async (then = ''): Promise<Outage> => {
    const result = await shell.runAsRoot(client, `${then}\ncat ${log}; echo "now $(date +%s.%N)"`);
    if (!result.reached || result.exitCode !== 0) {
      throw new HalabError(`What ${client} measured cannot be read.`, {
        reason: result.stderr,
        next: 'halab drill',
      });
    }
    return readPingLog(result.stdout);
  };
  const probe: Probe = { read, stop: () => read(`systemctl stop ${unit}`) };
  for (let tries = 0; tries < 15; tries++) {
    await sleep(700);
    const seen = await read();
    if (seen.samples - seen.lost >= 5 && seen.recovered) return probe;
  }
  await probe.stop();
  throw new HalabError(`${ip} does not answer ${client} before anything was broken.`, {
    reason: 'An outage can only be measured of a service that works.',
    next: 'halab check',
  });
}

/**
 * The outage in what `ping -D -O` printed, closed by a line "now SECONDS" with the client's clock. The
 * time between two answers less one interval is time without an answer.
 */
export function readPingLog(text: string): Outage {
  const now = Number(/^now ([\d.]+)$/m.exec(text)?.[1] ?? Number.NaN);
  const answers = [...text.matchAll(/^\[([\d.]+)\] \d+ bytes from .*?icmp_seq=(\d+)/gm)].map(
    (match) => ({
      at: Number(match[1]),
      sequence: Number(match[2]),
    }),
  );
  const sequences = [...text.matchAll(/icmp_seq=(\d+)/g)].map((match) => Number(match[1]));
  const samples = Math.max(0, ...sequences);
  const first = answers[0];
  const last = answers.at(-1);
  if (first === undefined || last === undefined || Number.isNaN(now)) {
    return { seconds: 0, recovered: false, samples, lost: samples };
  }
  const recovered = now - last.at < 1;
  let longest = recovered ? 0 : now - last.at;
  for (const [index, answer] of answers.entries()) {
    const next = answers[index + 1];
    // One answer late is no outage: a sample must have been lost.
    if (next !== undefined && next.sequence > answer.sequence + 1)
      longest = Math.max(longest, next.at - answer.at - interval);
  }
  return {
    seconds: Math.round(longest * 10) / 10,
    recovered,
    samples,
    lost: samples - answers.length,
  };
}
