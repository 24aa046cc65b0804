import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutageSpec } from '../course/lesson.ts';
import { HalabError } from '../errors.ts';
import type { Shell } from '../lab/machine.ts';

/** Seconds between two samples. */
const pingInterval = 0.1;
/** Each sample starts a command: under emulation two a second take a quarter of a core from the cluster. */
const askInterval = 1;

/** What a client saw. */
export interface Outage {
  /** The longest time without an answer, in seconds on the client's clock; 0 when no sample was lost. */
  readonly seconds: number;
  /** How long ago it ended when the measurement was read, in seconds; 0 when it was not over. */
  readonly endedAgo: number;
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

/** What the client does, in words. */
export const whatIsAsked = ({ ping, ask = '' }: OutageSpec): string =>
  ping === undefined ? `${ask.trim()} (once a second)` : `ping ${ping} (ten times a second)`;

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What runs on the client. ping(8) keeps its own time; a command's start and end are written down around it. */
function sampler({ ping, ask = '' }: OutageSpec): string {
  if (ping !== undefined) return `ping -n -D -O -i ${pingInterval} ${ping}`;
  const loop = `while :; do
  begin=$EPOCHREALTIME
  if (eval "$1") > /dev/null 2>&1 < /dev/null; then word=yes; else word=no; fi
  echo "$word $begin $EPOCHREALTIME"
  sleep ${askInterval}
done`;
  return `bash -c ${word(loop)} sampler ${word(ask)}`;
}

/**
 * Starts asking for a service again and again from a machine of the lab. The samples are taken and
 * timed there, by a unit of the machine's own, so that neither halab nor another clock has a part in
 * the figure. The unit ends by itself after 15 minutes.
 * @throws HalabError when there is no answer to begin with.
 */
export async function startProbe(shell: Shell, client: string, spec: OutageSpec): Promise<Probe> {
  const unit = `halab-probe-${randomBytes(4).toString('hex')}`;
  const log = `/run/${unit}.log`;
  const started = await shell.runAsRoot(
    client,
    `systemd-run --quiet --collect --expand-environment=no --unit=${unit} --property=RuntimeMaxSec=900 --property=KillSignal=SIGKILL --property=StandardOutput=file:${log} ${sampler(spec)}`,
  );
  if (!started.reached || started.exitCode !== 0) {
    throw new HalabError(`The outage cannot be measured from ${client}.`, {
      reason: started.stderr,
      next: 'halab status',
    });
  }
  const readLog = spec.ping === undefined ? readAskLog : readPingLog;
  const read = async (then = ''): Promise<Outage> => {
    const result = await shell.runAsRoot(client, `${then}\ncat ${log}; echo "now $(date +%s.%N)"`);
    if (!result.reached || result.exitCode !== 0) {
      throw new HalabError(`What ${client} measured cannot be read.`, {
        reason: result.stderr,
        next: 'halab drill',
      });
    }
    return readLog(result.stdout);
  };
  const probe: Probe = { read, stop: () => read(`systemctl stop ${unit}`) };
  for (let tries = 0; tries < 15; tries++) {
    await sleep(700);
    const seen = await read();
    if (seen.samples - seen.lost >= 3 && seen.recovered) return probe;
  }
  await probe.stop();
  throw new HalabError(
    `${spec.ping ?? 'What the drill asks for'} does not answer ${client} before anything was broken.`,
    {
      reason: `An outage can only be measured of a service that works. Asked: ${whatIsAsked(spec)}.`,
      next: 'halab check',
    },
  );
}

/** An answer on the client's clock, in seconds, and the number of its sample. */
interface Answered {
  readonly at: number;
  readonly sequence: number;
}

/**
 * The outage in what `ping -D -O` printed, closed by a line "now SECONDS" with the client's clock. The
 * time between two answers less one interval is time without an answer.
 */
export function readPingLog(text: string): Outage {
  const answers = [...text.matchAll(/^\[([\d.]+)\] \d+ bytes from .*?icmp_seq=(\d+)/gm)].map(
    (match) => ({ at: Number(match[1]), sequence: Number(match[2]) }),
  );
  const sequences = [...text.matchAll(/icmp_seq=(\d+)/g)].map((match) => Number(match[1]));
  return outageIn(answers, Math.max(0, ...sequences), {
    now: endOf(text),
    interval: pingInterval,
    fresh: 1,
    // ping says "no answer yet" of the newest samples even when all is well.
    isNewest: () => true,
  });
}

/**
 * The outage in lines "yes BEGIN END" and "no BEGIN END", closed as above. An answer that took more
 * than a second counts as one that was missing until then.
 */
export function readAskLog(text: string): Outage {
  const samples = [...text.matchAll(/^(yes|no) ([\d.]+) ([\d.]+)$/gm)].map((match) => ({
    yes: match[1] === 'yes',
    begin: Number(match[2]),
    end: Number(match[3]),
  }));
  let sequence = 0;
  let lost = 0;
  const answers: Answered[] = [];
  for (const { yes, begin, end } of samples) {
    const late = end - begin > 1;
    sequence += yes && late ? 2 : 1;
    if (yes) answers.push({ at: end, sequence });
    if (!yes || late) lost += 1;
  }
  const outage = outageIn(answers, sequence, {
    now: endOf(text),
    interval: askInterval,
    // A slow machine takes its time to ask.
    fresh: 4,
    isNewest: (answer) => answer.sequence === sequence,
  });
  return { ...outage, samples: samples.length, lost };
}

const endOf = (text: string): number => Number(/^now ([\d.]+)$/m.exec(text)?.[1] ?? Number.NaN);

interface Reading {
  readonly now: number;
  readonly interval: number;
  /** An answer that is younger than so many seconds shows that the service answers now, */
  readonly fresh: number;
  /** if nothing newer speaks against it. */
  readonly isNewest: (answer: Answered) => boolean;
}

function outageIn(
  answers: readonly Answered[],
  samples: number,
  { now, interval, fresh, isNewest }: Reading,
): Outage {
  const first = answers[0];
  const last = answers.at(-1);
  if (first === undefined || last === undefined || Number.isNaN(now)) {
    return { seconds: 0, endedAgo: 0, recovered: false, samples, lost: samples };
  }
  const recovered = now - last.at < fresh && isNewest(last);
  let longest = recovered ? 0 : now - last.at;
  let endedAgo = 0;
  for (const [index, answer] of answers.entries()) {
    const next = answers[index + 1];
    // One answer late is no outage: a sample must have been lost.
    if (next === undefined || next.sequence <= answer.sequence + 1) continue;
    const gap = next.at - answer.at - interval;
    if (gap <= longest) continue;
    longest = gap;
    endedAgo = now - next.at;
  }
  return {
    seconds: Math.round(longest * 10) / 10,
    endedAgo: Math.round(endedAgo * 10) / 10,
    recovered,
    samples,
    lost: samples - answers.length,
  };
}
