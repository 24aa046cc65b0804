import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a process of that id is there and has not ended: a zombie has (proc_pid_stat(5), state Z). */
function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !status.slice(status.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** The words of a process's command line; empty when there is no such process. */
export const commandLine = (pid: number): string[] => stringsIn(`/proc/${pid}/cmdline`);

/** "NAME=value" of all that a process was given as its environment; empty when it cannot be read. */
export const environmentOf = (pid: number): string[] => stringsIn(`/proc/${pid}/environ`);

function stringsIn(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Ids of all processes of this user. */
export const ownProcesses = (): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter(
      (entry) => statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid === process.getuid?.(),
    )
    .map(Number);

/** Whether a process of that id runs that program (an id may have been given to another process since; scripts and `unshare` put a word or more before the program). */
export function isRunning(pid: number, program: string): boolean {
  return (
    isAlive(pid) &&
    commandLine(pid)
      .slice(0, 6)
      .some((word) => (word.split('/').pop() ?? '').startsWith(program))
  );
}

/** Ends a process: asks first, insists after 5 s. Returns when it is gone. */
export async function endProcess(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < 5000 && isAlive(pid); waited += 50) await sleep(50);
  }
}

/**
 * Ends another halab by the id that was noted of it; nothing happens when that id is nobody's any
 * more, another program's, or this very process's.
 */
export async function endHalab(pid: number | null): Promise<void> {
  if (pid !== null && pid !== process.pid && isRunning(pid, 'node')) await endProcess(pid);
}
