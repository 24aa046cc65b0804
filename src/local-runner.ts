import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { readLocale } from './locale.ts';
import type { CommandResult, Runner } from './run.ts';

/** Milliseconds in which a signal to all programs of a terminal has reached each of them. */
const ctrlCWithin = 20;

/** Runs commands on this computer, in English: their output is read. */
export const runLocally: Runner = async (command, options = {}) => {
  const [program, ...args] = command;
  if (program === undefined) throw new Error('an empty command');
  const started = performance.now();
  const result = await execa(program, args, {
    reject: false,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...readLocale, ...options.env },
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    forceKillAfterDelay: 2000,
  });
  // A Ctrl-C in the terminal goes to halab as well, which must have heard it before anybody judges what this one left.
  if (result.signal !== undefined) await sleep(ctrlCWithin);
  const couldNotStart = result.exitCode === undefined && result.code === 'ENOENT';
  return {
    command,
    exitCode: result.exitCode ?? null,
    stdout: result.stdout,
    stderr: couldNotStart ? `${program}: no such program` : result.stderr,
    timedOut: result.timedOut,
    milliseconds: performance.now() - started,
  };
};

/** The command as a person could paste it into a shell. */
export function pasteable(command: readonly string[]): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

/** One line that tells how a command failed, for an error's reason. */
export function describeFailure(result: CommandResult): string {
  const how = result.timedOut
    ? `did not end within ${Math.round(result.milliseconds / 1000)} s`
    : result.exitCode === null
      ? 'could not run or was ended by a signal'
      : `ended with exit code ${result.exitCode}`;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n');
  return `\`${pasteable(result.command)}\` ${how}${said === '' ? '.' : `:\n${said}`}`;
}
