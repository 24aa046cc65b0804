import { ExitCode, HalabError } from './errors.ts';

/**
 * Calls `act` once when the signal aborts, and at once when it has aborted already: a listener that is added then would
 * never be called, and a Ctrl-C between two steps would be lost.
 * @returns what takes the listener away again.
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    act();
    return () => {};
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}

/** The error of a bring-up that was asked to end; `cause`: what failed because of that. */
export const interrupted = (cause?: unknown): HalabError =>
  new HalabError('Interrupted. Nothing is lost: the machines stay as they are.', {
    next: 'Carry on: halab up',
    exitCode: ExitCode.interrupted,
    ...(cause === undefined ? {} : { cause }),
  });

/** To be called between two steps of long work. @throws HalabError (exit 130), a bring-up's unless told, when the signal has aborted. */
export function assertGoesOn(
  signal: AbortSignal | undefined,
  error: () => HalabError = interrupted,
): void {
  if (signal?.aborted === true) throw error();
}
