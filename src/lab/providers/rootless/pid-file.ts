import { textOf } from '../../process.ts';

/**
 * The process id that a file of another program's holds; null when it is not there or holds none. Whose the id is by
 * now must be told by the process itself: by its command line or its environment.
 */
export function readPid(file: string): number | null {
  const [, pid] = /^\s*([1-9]\d*)\s*$/.exec(textOf(file) ?? '') ?? [];
  return pid === undefined ? null : Number(pid);
}
