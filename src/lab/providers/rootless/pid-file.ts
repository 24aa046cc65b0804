import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { endProcess, isRunning } from '../../process.ts';

/** The process id that a file holds; null when it is not there or holds none. */
export function readPid(file: string): number | null {
  if (!existsSync(file)) return null;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isNaN(pid) ? null : pid;
}

/** Ends the process of a file if it still runs that program, and removes the file. */
export async function endByPidFile(file: string, program: string): Promise<void> {
  const pid = readPid(file);
  if (pid !== null && isRunning(pid, program)) await endProcess(pid);
  if (existsSync(file)) unlinkSync(file);
}
