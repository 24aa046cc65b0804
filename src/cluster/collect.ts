import { randomBytes } from 'node:crypto';
import type { Machine, Shell } from '../lab/machine.ts';
import { type ProbeLimits, probeScript, standardUnits } from './probe.ts';

/** What a machine answered to the probe, unread: fixtures store this. */
export type RawAnswer =
  | {
      readonly reached: true;
      readonly output: string;
      readonly stderr: string;
      readonly exitCode: number | null;
      /** Host clock, milliseconds since the epoch. */
      readonly sentAt: number;
      readonly answeredAt: number;
    }
  | { readonly reached: false; readonly reason: string };

/** A command of a check, to be run on these machines in the course of an observation. */
export interface Question {
  readonly run: string;
  readonly on: readonly string[];
}

/** One observation, unread. */
export interface RawObservation {
  readonly token: string;
  /** Commands whose answers are among the sections, by their place in this list. */
  readonly commands?: readonly string[];
  readonly observedAt: number;
  readonly answers: Readonly<Record<string, RawAnswer>>;
}

export interface ObserveOptions {
  /** Units to ask about besides the standard ones, by full name. */
  readonly units?: readonly string[];
  /** Commands to run besides. */
  readonly questions?: readonly Question[];
  /**
   * false: do not ask Corosync who is in its ring. Its tool opens four connections with megabytes of shared memory
   * each: under emulation a quarter of what an observation costs.
   */
  readonly ring?: boolean;
  /**
   * The node that was the DC a moment ago. Other nodes that say they follow a DC are not asked for their copy of what it tells:
   * theirs is the DC's. null: not known.
   */
  readonly dc?: string | null;
  /** In place of machineTimeout. */
  readonly timeout?: number;
  /** Set the machines' clocks to this computer's before anything is read: those that were paused are behind. */
  readonly setClocks?: boolean;
}

/**
 * Milliseconds after which a machine counts as unreachable: one that starts its cluster under software emulation is
 * slow, and one that is gone is noticed by ssh itself.
 */
export const machineTimeout = 15_000;

/** Sends the probe to all machines at once and waits for every answer or its time limit. */
export async function collect(
  shell: Shell,
  machines: readonly Machine[],
  options: ObserveOptions = {},
): Promise<RawObservation> {
  const timeout = options.timeout ?? machineTimeout;
  const token = randomBytes(8).toString('hex');
  const units = [...new Set([...standardUnits, ...(options.units ?? [])])];
  const clock = options.setClocks === true ? new Date() : null;
  const ring = options.ring ?? true;
  const dc = options.dc ?? null;
  const questions = options.questions ?? [];
  const commands = [...new Set(questions.map(({ run }) => run))];
  const answers = await Promise.all(
    machines.map(async ({ name }) => {
      const asked = commands.map((run) =>
        questions.some((question) => question.run === run && question.on.includes(name)) ? run : '',
      );
      const script = probeScript(
        token,
        { units, commands: asked, ring, follower: dc !== null && name !== dc },
        limitsWithin(timeout),
        clock,
      );
      return [name, await ask(shell, name, script, timeout)] as const;
    }),
  );
  return { token, commands, observedAt: Date.now(), answers: Object.fromEntries(answers) };
}

/** The probe gives up early enough that what it found still arrives. */
function limitsWithin(timeout: number): ProbeLimits {
  const seconds = timeout / 1000;
  return {
    each: Math.max(1, Math.floor(seconds * 0.3)),
    all: Math.max(1, Math.floor(seconds * 0.7)),
  };
}

async function ask(
  shell: Shell,
  machine: string,
  script: string,
  timeout: number,
): Promise<RawAnswer> {
  const sentAt = Date.now();
  const result = await within(timeout, shell.runAsRoot(machine, script, { timeout }));
  const answeredAt = Date.now();
  if (result === null) return { reached: false, reason: `no answer within ${timeout / 1000} s` };
  const { reached, stdout: output, stderr, exitCode } = result;
  if (!reached) return { reached, reason: stderr.trim() || 'it does not answer' };
  return { reached, output, stderr, exitCode, sentAt, answeredAt };
}

/** The promise's value, or null when it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  // A little later than the shell's own limit, whose result says more.
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, milliseconds + 500, null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
