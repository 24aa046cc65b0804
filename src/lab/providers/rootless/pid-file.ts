import { existsSync, readFileSync } from 'node:fs';

/** The process id that a file holds; null when it is not there or holds none. */
export function readPid(file: string): number | null {
  if (!existsSync(file)) return null;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isNaN(pid) ? null : pid;
}
