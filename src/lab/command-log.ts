import { appendFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDiskFull } from '../errors.ts';
import { pasteable } from '../local-runner.ts';
import { redact } from '../redact.ts';
import type { Runner } from '../run.ts';
import { type Lab, labFiles } from './lab.ts';

// What halab did to a lab, command by command: the first thing to read when somebody asks what went on.

/** Bytes of the log; beyond them it is put aside, and the one that was put aside before goes. */
const mostBytes = 4_000_000;

/** Letters that are kept of a command, and of what was written to it. */
const mostLetters = 500;

export interface RanCommand {
  readonly command: readonly string[];
  /** What was written to its standard input: for ssh the script that runs on the machine. */
  readonly input?: string;
  readonly started: Date;
  readonly seconds: number;
  /** null: a signal ended it, or it could not be started. */
  readonly exitCode: number | null;
}

/** A command as lines of the log: when it began, its exit status, how long it took, and what it was, without secrets. */
export function commandLines({ command, input, started, seconds, exitCode }: RanCommand): string {
  const status = exitCode === null ? '-' : String(exitCode);
  const first = `${started.toISOString()} ${status.padStart(3)} ${seconds.toFixed(2).padStart(6)} s  ${short(pasteable(command))}`;
  const lines = input === undefined ? [] : short(input.trim()).split('\n');
  return `${[first, ...lines.map((line) => `    ${line}`)].join('\n')}\n`;
}

function short(text: string): string {
  // Twice as much is looked through, so that a secret at the edge is seen whole.
  const kept = redact(text.slice(0, 2 * mostLetters));
  return text.length <= mostLetters
    ? kept
    : `${kept.slice(0, mostLetters)} … (${text.length} letters)`;
}

const logFile = (lab: Lab): string => join(labFiles.logs(lab), 'commands.log');

/** Notes a command in the lab's log. @throws what else than these two keeps the file from being written. */
export function noteCommand(lab: Lab, ran: RanCommand): void {
  const file = logFile(lab);
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > mostBytes) renameSync(file, join(labFiles.logs(lab), 'commands-before.log'));
    appendFileSync(file, commandLines(ran), { mode: 0o600 });
  } catch (error) {
    // A lab that was removed needs no log, and on a full disk it must be possible to remove one.
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isGone && !isDiskFull(error)) throw error;
  }
}

/** The runner, which notes in the lab's log what it runs. */
export const logged =
  (lab: Lab, run: Runner): Runner =>
  async (command, options = {}) => {
    const started = new Date();
    const result = await run(command, options);
    noteCommand(lab, {
      command,
      ...(options.input === undefined ? {} : { input: options.input }),
      started,
      seconds: result.milliseconds / 1000,
      exitCode: result.exitCode,
    });
    return result;
  };
