// Without imports: the command line asks it before any command is loaded.

let stopped = false;

/** Whether Ctrl-C (or SIGTERM) has asked this halab to end. */
export const wasInterrupted = (): boolean => stopped;

/**
 * A signal that aborts at the first Ctrl-C (or SIGTERM), so that work can be ended in order; a second
 * Ctrl-C ends halab at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    stopped = true;
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
