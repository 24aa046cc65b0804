import { execa } from 'execa';
import { readLocale } from '../locale.ts';
import type { CommandResult } from '../run.ts';

export interface StreamOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  /** The program talks to the user's terminal itself (sudo asks for a password); its output is not read then. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs a command to its end and hands on its output line by line, both streams together. */
export type StreamRunner = (
  command: readonly string[],
  options?: StreamOptions,
) => Promise<CommandResult>;

/** Streams commands on this computer. */
export const streamLocally: StreamRunner = async (command, options = {}) => {
  const [program, ...args] = command;
  if (program === undefined) throw new Error('an empty command');
  const started = performance.now();
  const common = {
    reject: false as const,
    // On the user's own terminal a program speaks the user's language.
    env: { ...(options.terminal === true ? {} : readLocale), ...options.env },
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  };
  if (options.terminal === true) {
    const result = await execa(program, args, { ...common, stdio: 'inherit' });
    return {
      command,
      exitCode: result.exitCode ?? null,
      stdout: '',
      stderr: '',
      timedOut: false,
      milliseconds: performance.now() - started,
    };
  }
  const child = execa(program, args, {
    ...common,
    stdin: 'ignore',
    all: true,
    buffer: { all: false },
  });
  const lines: string[] = [];
  for await (const line of child.iterable({ from: 'all' })) {
    lines.push(String(line));
    options.onLine?.(String(line));
  }
  const result = await child;
  const missing = result.exitCode === undefined && result.code === 'ENOENT';
  return {
    command,
    exitCode: result.exitCode ?? null,
    stdout: '',
    // The end of what it said, for an error's reason.
    stderr: missing ? `${program}: no such program` : lines.slice(-20).join('\n'),
    timedOut: false,
    milliseconds: performance.now() - started,
  };
};
