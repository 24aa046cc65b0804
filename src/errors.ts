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

const misplaced = {
  ENOTDIR: 'It, or a part of its path, is a file and no folder',
  EISDIR: 'It is a folder and no file',
  ELOOP: 'It is a link that leads back to itself',
  ENAMETOOLONG: 'Its name is too long',
  ENXIO: 'It is a device or a socket',
} as const;

/** Whether a file could not be written because the disk takes no more (errno(3)). */
export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/**
 * A failure of the file system that has its cause outside halab, in words for a person; null for
 * any other error. Its codes are those of errno(3).
 */
export function fileSystemError(error: unknown): HalabError | null {
  if (!(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  const it = path ?? 'A file of the lab';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new HalabError(
        code === 'ENOSPC' ? 'The disk is full.' : 'Your disk quota is used up.',
        {
          reason: `${it} could not be written. What was there before is kept.`,
          next: 'Make room (halab checkpoint list shows what checkpoints take), then type the command again.',
          cause: error,
        },
      );
    case 'EROFS':
      return new HalabError('halab cannot write where it keeps its labs.', {
        reason: `${it} is on a file system that is mounted read-only.`,
        next: 'Mount it writable, or name another folder: HALAB_HOME=FOLDER halab …',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new HalabError(`You are not allowed to use ${it}.`, {
        reason: 'It belongs to another user, or its permissions do not let you.',
        next:
          path === undefined
            ? 'Run halab as the user who made the lab, or name another folder: HALAB_HOME=FOLDER halab …'
            : `Look whose it is: ls -ld ${path}. Or name another folder: HALAB_HOME=FOLDER halab …`,
        cause: error,
      });
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'ENXIO':
      return new HalabError(`${it} is not what halab expects there.`, {
        reason: `${misplaced[code]} (${error.message}).`,
        next: `Look what is there: ls -ld ${path ?? 'FOLDER'}. Or name another folder: HALAB_HOME=FOLDER halab …`,
        cause: error,
      });
    case 'EIO':
    case 'ESTALE':
    case 'EMFILE':
    case 'ENFILE':
      return new HalabError(`This computer cannot read or write ${it} now.`, {
        reason: error.message,
        next: 'Look at its disks (dmesg) and its limits (ulimit -n), then type the command again.',
        cause: error,
      });
    default:
      return null;
  }
}
