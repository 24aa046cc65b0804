import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { untilGreeted } from '../../src/lab/greeting.ts';

let server: Server | undefined;
const open = new Set<Socket>();

/** Listens on a free port of the loopback and does this with the first, second ... connection. */
async function listening(answer: (socket: Socket, number: number) => void): Promise<number> {
  let number = 0;
  server = createServer((socket) => {
    open.add(socket);
    number += 1;
    answer(socket, number);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

const greeted = (port: number, within: number): Promise<string | null> =>
  untilGreeted({ host: '127.0.0.1', port }, within);

const seconds = async (work: Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work;
  return (performance.now() - started) / 1000;
};

afterEach(async () => {
  for (const socket of open) socket.destroy();
  open.clear();
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  server = undefined;
});

describe('waiting for the greeting of an ssh server', () => {
  it('ends when it greets', async () => {
    const port = await listening((socket) => socket.write('SSH-2.0-OpenSSH_10.0\r\n'));
    expect(await greeted(port, 5000)).toBeNull();
  });

  it('tries again when a connection is taken and leads nowhere', async () => {
    const port = await listening((socket, number) => {
      if (number > 1) socket.write('SSH-2.0-OpenSSH_10.0\r\n');
    });
    const work = greeted(port, 10_000);
    expect(await seconds(work)).toBeLessThan(4);
    expect(await work).toBeNull();
  });

  it('tries again when a connection is taken and closed, as before sshd listens', async () => {
    const port = await listening((socket, number) => {
      if (number > 2) socket.write('SSH-2.0-OpenSSH_10.0\r\n');
      else socket.destroy();
    });
    const work = greeted(port, 10_000);
    expect(await seconds(work)).toBeLessThan(2);
    expect(await work).toBeNull();
  });

  it('gives up when the time is over', async () => {
    const port = await listening(() => undefined);
    const work = greeted(port, 700);
    expect(await seconds(work)).toBeLessThan(1.5);
    expect(await work).toBe('it does not answer');
  });

  it('gives up at once when nobody listens', async () => {
    const port = await listening(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    const work = greeted(port, 10_000);
    expect(await seconds(work)).toBeLessThan(1);
    expect(await work).toBe('the connection was refused');
  });
});
