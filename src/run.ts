/** What running a command gave: data, never an exception for a non-zero exit. */
export interface CommandResult {
  readonly command: readonly string[];
  /** null when a signal ended it or it could not be started. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly milliseconds: number;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment, which is the user's but for the language; what is undefined is left out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** The command is ended after so many milliseconds. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Runs a command to its end. The one seam through which halab starts programs, so that tests can put a recorded one in its place. */
export type Runner = (command: readonly string[], options?: RunOptions) => Promise<CommandResult>;
