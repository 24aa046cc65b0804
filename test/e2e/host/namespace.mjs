// Namespaces of their own for another distribution's root: entered, looked into, and gone without a trace.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const enterScript = fileURLToPath(new URL('enter.sh', import.meta.url));

/** A step that went wrong: its message is for the person who reads the run. */
export class Failed extends Error {}

const apart = new Set();

/**
 * Starts a program as process 1 of mount and process namespaces of its own. All that runs or is
 * mounted there ends with it, and it ends with this program, even by kill -9.
 */
export function startApart(...command) {
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  apart.add(child);
  child.once('exit', () => apart.delete(child));
  return child;
}

/** Ends all that was started apart; returns when it has ended. */
export async function endApart() {
  await Promise.all(
    [...apart].map((child) => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      // unshare takes its process 1 along.
      child.kill('SIGKILL');
      return gone;
    }),
  );
}

/** All that a program says from now on, on both streams. */
export function collect(child) {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data;
    });
  return () => said;
}

/**
 * Lays a layer below `work` over the root and enters it.
 * @returns process 1 as this computer knows it, and who else is inside.
 * @throws Failed when the root cannot be entered.
 */
export async function enter({ root, work, init }) {
  const child = startApart(enterScript, root, work, ...init);
  const said = collect(child);
  await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      if (/^entered$/m.test(said())) resolve();
    });
    child.once('exit', () => reject(new Failed(`The root could not be entered: ${said()}`)));
  });
  const [pid] = processes().filter((one) => parentOf(one) === child.pid);
  if (pid === undefined) throw new Failed('The root has no process 1.');
  const namespace = namespaceOf(pid);
  const all = () => processes().filter((one) => namespaceOf(one) === namespace);
  return {
    pid,
    /** All that is inside, the dead too that nobody has taken in, but for process 1 and what keeps it waiting. */
    others: () => all().filter((one) => one !== pid && !isIdle(one)),
    /** Ids of all that is inside. */
    all,
  };
}

/**
 * Runs a line of shell inside, at most so many seconds.
 * @returns its exit code (124 or 137 when it took longer), and all that it said.
 */
export async function runInside(pid, line, { environment, limit }) {
  const where = ['--target', String(pid), '--mount', '--pid', '--wdns=/'];
  const child = spawn(
    'nsenter',
    [...where, 'timeout', '--kill-after=10', String(limit), 'bash', '-c', line],
    { stdio: ['ignore', 'pipe', 'pipe'], env: environment },
  );
  const said = collect(child);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  // What halab leaves running may hold the pipes for as long as it runs.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
  return { code, output: said() };
}

const processes = () =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);

/** What a look into /proc gives; null when the process has gone meanwhile. */
function look(read) {
  try {
    return read();
  } catch {
    return null;
  }
}

const namespaceOf = (pid) => look(() => readlinkSync(`/proc/${pid}/ns/pid`));
const isIdle = (pid) =>
  look(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) === 'sleep\0infinity\0';
const statusOf = (pid, name) =>
  look(() =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')),
  )?.[1] ?? '';
const parentOf = (pid) => Number(statusOf(pid, 'PPid'));

/** "123 qemu-system-x86, Z (zombie)": a process as a person would look for it. */
export const describeProcess = (pid) =>
  `${pid} ${statusOf(pid, 'Name')}, ${statusOf(pid, 'State')}, parent ${statusOf(pid, 'PPid')}`;
