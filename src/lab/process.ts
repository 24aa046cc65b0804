import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process as a record can name it. The id alone is given to another process in time, and after a reboot soon; with
 * the time of its start and the boot in which that was there is no other.
 */
export interface ProcessMark {
  readonly pid: number;
  /** Made of the boot and the time of its start: 16 hexadecimal digits. */
  readonly started: string;
}

/** Where the kernel tells of processes. Not every system has it, and a test names a folder that is not there. */
const usualProc = '/proc';

/** The mark of a process that lives: null when there is none of that id, or it has ended (a zombie has). */
export function markOf(pid: number, proc = usualProc): ProcessMark | null {
  const fields = statOf(pid, proc);
  const isKnown = fields !== null || statOf('self', proc) !== null;
  const start = isKnown ? startByProc(fields, proc) : startByPs(pid);
  if (start === null) return null;
  return { pid, started: createHash('sha256').update(start).digest('hex').slice(0, 16) };
}

/** Whether the process that the mark was made of still lives. */
export const isStill = ({ pid, started }: ProcessMark, proc = usualProc): boolean =>
  markOf(pid, proc)?.started === started;

/** A mark as one word, for a file or a folder's name: "4711-0123456789abcdef". */
export const markWord = ({ pid, started }: ProcessMark): string => `${pid}-${started}`;

/** Reads markWord's; null for what is none, such as the bare id that an older halab wrote: whose it is now, nobody knows. */
export function parseMark(text: string): ProcessMark | null {
  const [, pid, started] = /^([1-9]\d*)-([0-9a-f]{16})$/.exec(text.trim()) ?? [];
  return pid === undefined || started === undefined ? null : { pid: Number(pid), started };
}

/** The mark that a file holds; null when it is not there or holds none. */
export const readMark = (file: string): ProcessMark | null => parseMark(textOf(file) ?? '');

/** The fields of proc_pid_stat(5) from the third on (state); null when there is no such process. */
function statOf(pid: number | 'self', proc = usualProc): string[] | null {
  const text = textOf(`${proc}/${pid}/stat`);
  // The second is the program's name in parentheses, and may hold any letters.
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function startByProc(fields: readonly string[] | null, proc: string): string | null {
  const [state] = fields ?? [];
  // Field 22: ticks since the boot. proc_sys_kernel(5), random: boot_id is another one after each boot.
  const ticks = fields?.[22 - 3];
  if (ticks === undefined || state === 'Z' || state === 'X') return null;
  return `${textOf(`${proc}/sys/kernel/random/boot_id`)?.trim() ?? ''} ${ticks}`;
}

/** ps(1) of POSIX has no time of the start, that of macOS and the BSDs has: lstart, with the date, so that no boot is needed. */
function startByPs(pid: number): string | null {
  const { status, stdout } = spawnSync('ps', ['-o', 'state=', '-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [, state = '', start] = /^\s*(\S+)\s+(\S.*?)\s*$/m.exec(stdout ?? '') ?? [];
  return status !== 0 || start === undefined || state.startsWith('Z') ? null : start;
}

/** Whether a process is stopped (SIGSTOP, Ctrl-Z, a debugger): it lives and does nothing (proc_pid_stat(5), T and t). */
export const isStopped = (pid: number): boolean => ['T', 't'].includes(statOf(pid)?.[0] ?? '');

/** What a file holds; null when it cannot be read: a process's files go with it, at any moment. */
export function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** The words of a process's command line; empty when there is no such process. */
export const commandLine = (pid: number): string[] => stringsIn(`/proc/${pid}/cmdline`);

/** "NAME=value" of all that a process was given as its environment; empty when it cannot be read. */
export const environmentOf = (pid: number): string[] => stringsIn(`/proc/${pid}/environ`);

const stringsIn = (file: string): string[] => textOf(file)?.split('\0') ?? [];

/** Ids of all processes of this user. */
export const ownProcesses = (): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter(
      (entry) => statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid === process.getuid?.(),
    )
    .map(Number);

/** Whether a process of that id runs that program (scripts and `unshare` put a word or more before the program). */
export function isRunning(pid: number, program: string): boolean {
  return (
    markOf(pid) !== null &&
    commandLine(pid)
      .slice(0, 6)
      .some((word) => (word.split('/').pop() ?? '').startsWith(program))
  );
}

/** Sends a signal to a process, or to its group by the negative id. @returns false when it has ended meanwhile. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

/** Ends a process that was found just now: asks first, insists after 5 s. Returns when it is gone. */
export async function endProcess(pid: number): Promise<void> {
  const mark = markOf(pid);
  if (mark !== null) await endMarked(mark);
}

/** Ends the process that a mark was made of, as endProcess; nothing happens when that has ended. */
export async function endMarked(mark: ProcessMark): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isStill(mark)) return;
    sendSignal(mark.pid, signal);
    // One that is stopped takes a signal only when it runs again (signal(7)).
    sendSignal(mark.pid, 'SIGCONT');
    for (let waited = 0; waited < 5000 && isStill(mark); waited += 50) await sleep(50);
  }
}

/**
 * Ends the halab that was to end a fault in time, by what the fault's record says of it; nothing happens when it has
 * ended, or is this very process.
 */
export async function endTimer(fault: {
  readonly timer: number | null;
  readonly timerStarted: string | null;
}): Promise<void> {
  const { timer: pid, timerStarted: started } = fault;
  if (pid !== null && started !== null && pid !== process.pid) await endMarked({ pid, started });
}
