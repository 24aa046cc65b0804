import { ExitCode, HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { showProgress } from './progress.ts';
import { Interrupted } from './prompt.ts';

/**
 * Runs long work and shows its progress on standard output. Ctrl-C (or SIGTERM) asks it to end in
 * order; a second one ends halab at once.
 * @throws Interrupted when it was asked to end, with the work's own last words if it had any.
 */
export async function interruptible<T>(
  work: (emit: Emit, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const progress = showProgress({ stream: process.stdout });
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) {
      progress.finish();
      process.exit(ExitCode.interrupted);
    }
    controller.abort();
    progress.emit({ type: 'note', text: 'Stopping in order. A second Ctrl-C stops at once.' });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const result = await work(progress.emit, controller.signal);
    if (controller.signal.aborted) throw new Interrupted();
    return result;
  } catch (error) {
    // What failed while it was ended in order must be told; that it was ended is no failure.
    if (controller.signal.aborted && isInterruption(error)) {
      throw new Interrupted(error instanceof HalabError ? error.message : '');
    }
    throw error;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    progress.finish();
  }
}

const isInterruption = (error: unknown): boolean =>
  error instanceof Interrupted ||
  (error instanceof HalabError && error.exitCode === ExitCode.interrupted) ||
  (error instanceof Error && error.name === 'AbortError');
