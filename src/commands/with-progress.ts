import type { Emit } from '../events.ts';
import { showProgress } from '../terminal/progress.ts';

/**
 * Does long work and shows on standard error what it says of itself; as a line of JSON for each event
 * with `json`.
 */
export async function withProgress<T>(json: boolean, work: (emit: Emit) => Promise<T>): Promise<T> {
  const progress = showProgress({
    stream: process.stderr,
    ...(json ? { mode: 'json' as const } : {}),
  });
  try {
    return await work(progress.emit);
  } finally {
    progress.finish();
  }
}
