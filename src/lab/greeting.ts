import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SshAddress {
  readonly host: string;
  readonly port: number;
}

/** Milliseconds that an attempt waits for the greeting: the longer ones are for a machine that is up and very busy. */
const patience = [2000, 2000, 3000, 5000];

/** Milliseconds between two attempts. */
const pause = 300;

/**
 * Waits until an ssh server greets, at most so many milliseconds. QEMU's user network takes a connection at once, whether the
 * machine behind it has booted or not, and one that began before the machine was up leads nowhere: ssh alone would wait for
 * it to its time limit, and find out seconds later than need be.
 * @returns null when it greets (RFC 4253, section 4.2), else why not, in words for a person.
 */
export async function untilGreeted(address: SshAddress, within: number): Promise<string | null> {
  const end = performance.now() + within;
  for (let attempt = 0; ; attempt++) {
    const left = end - performance.now();
    if (left <= 0) return 'it does not answer';
    const answer = await greeting(
      address,
      Math.min(left, patience[attempt] ?? (patience.at(-1) as number)),
    );
    if (answer === 'greets') return null;
    // Nobody listens: the machine is off.
    if (answer === 'refused') return 'the connection was refused';
    await sleep(pause);
  }
}

function greeting(
  { host, port }: SshAddress,
  timeout: number,
): Promise<'greets' | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout });
    const end = (answer: 'greets' | 'refused' | 'silent'): void => {
      socket.destroy();
      resolve(answer);
    };
    // A server may send other lines before; one that says anything is up.
    socket.once('data', () => end('greets'));
    socket.once('timeout', () => end('silent'));
    socket.once('close', () => end('silent'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'refused' : 'silent'),
    );
  });
}
