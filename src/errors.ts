/** Exit codes, the same for every command (docs/architecture.md). */
export const ExitCode = {
  fine: 0,
  /** A check or a drill failed. */
  failed: 1,
  /** Wrong use: unknown option, unknown lesson, no terminal to ask in. */
  usage: 2,
  /** The lab or the computer failed. */
  broken: 3,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * An error meant for a person: what happened, why, and what to type next. `main` prints it without
 * a stack and exits with its code; any other error is a bug in halab and is shown as one.
 */
export class HalabError extends Error {
  readonly exitCode: ExitCode;
  /** Why it happened, in a sentence; may be several lines. */
  readonly reason: string | undefined;
  /** The next command to type, or a sentence that says what to do. */
  readonly next: string | undefined;

  constructor(
    what: string,
    options: { reason?: string; next?: string; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HalabError';
    this.exitCode = options.exitCode ?? ExitCode.broken;
    this.reason = options.reason;
    this.next = options.next;
  }
}

/** A HalabError for wrong use (exit code 2). */
export function usageError(what: string, next?: string): HalabError {
  return new HalabError(what, {
    exitCode: ExitCode.usage,
    ...(next === undefined ? {} : { next }),
  });
}
