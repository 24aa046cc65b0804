import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Switch, startSwitch } from '../../../src/lab/providers/rootless/switch.ts';

/** A machine's QEMU as the switch meets it: it listens on a socket, takes one client, and frames what it sends by length. */
class Card {
  readonly server: Server;
  client: Socket | null = null;
  received = Buffer.alloc(0);
  readonly path: string;
  constructor(path: string) {
    this.path = path;
    this.server = createServer((socket) => {
      this.client = socket;
      socket.on('data', (chunk) => {
        this.received = Buffer.concat([this.received, chunk]);
      });
      socket.on('error', () => {});
      socket.once('close', () => {
        this.client = null;
      });
    }).listen(path);
  }
  send(...frames: Buffer[]): void {
    this.client?.write(Buffer.concat(frames.map(withLength)));
  }
  /** The payloads of all whole frames that came. */
  heard(): string[] {
    const found: string[] = [];
    for (let at = 0; at < this.received.length; ) {
      const length = this.received.readUInt32BE(at);
      found.push(this.received.toString('latin1', at + 4 + 14, at + 4 + length));
      at += 4 + length;
    }
    return found;
  }
  off(): void {
    this.client?.destroy();
    this.server.close();
  }
}

/** Long, for a computer that has much else to do: what holds is over in milliseconds. */
const patient = { timeout: 20_000, interval: 20 } as const;

const withLength = (frame: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  return Buffer.concat([length, frame]);
};
const address = (machine: number): Buffer => Buffer.from([0x52, 0x54, 0, 0x68, 1, machine]);
const everybody = Buffer.alloc(6, 0xff);
const frame = (from: number, to: Buffer, payload: string): Buffer =>
  Buffer.concat([to, address(from), Buffer.from([8, 0]), Buffer.from(payload, 'latin1')]);

let folder: string;
let cards: Card[];
let running: Switch;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'halab-switch-'));
  cards = ['a', 'b', 'c'].map((name) => new Card(join(folder, name)));
  running = startSwitch(cards.map(({ path }) => path));
  await running.triedAll;
  await vi.waitUntil(() => cards.every(({ client }) => client !== null), patient);
});
afterEach(() => {
  running.close();
  for (const card of cards) card.off();
  rmSync(folder, { recursive: true });
});

const [a, b, c] = [11, 12, 13];
const card = (index: number): Card => cards[index] as Card;
/** Waits until that payload has come there; what was sent before it has come then, too. */
const hears = (index: number, payload: string): Promise<boolean> =>
  vi.waitUntil(() => card(index).heard().includes(payload), patient);

test('a frame to everybody, or to somebody unknown, goes to all others and not back', async () => {
  card(0).send(frame(a, everybody, 'who has it?'), frame(a, address(b), 'unknown'));
  await hears(1, 'unknown');
  await hears(2, 'unknown');
  expect(card(1).heard()).toEqual(['who has it?', 'unknown']);
  expect(card(2).heard()).toEqual(['who has it?', 'unknown']);
  expect(card(0).heard()).toEqual([]);
});

test('a frame to a machine that has spoken goes to it alone', async () => {
  card(1).send(frame(b, everybody, 'hello'));
  await hears(0, 'hello');
  card(0).send(frame(a, address(b), 'for b'), frame(a, everybody, 'end'));
  await hears(2, 'end');
  expect(card(1).heard()).toEqual(['for b', 'end']);
  expect(card(2).heard()).toEqual(['hello', 'end']);
});

test('an address that moves is followed', async () => {
  card(1).send(frame(c, everybody, 'c was here'));
  await hears(0, 'c was here');
  card(2).send(frame(c, everybody, 'c is here'));
  await hears(0, 'c is here');
  card(0).send(frame(a, address(c), 'for c'), frame(a, everybody, 'end'));
  await hears(1, 'end');
  expect(card(1).heard()).toEqual(['c is here', 'end']);
  expect(card(2).heard()).toContain('for c');
});

test('a frame that comes in pieces is put together', async () => {
  const bytes = withLength(frame(a, everybody, 'in pieces'));
  for (const byte of bytes) {
    card(0).client?.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await hears(1, 'in pieces');
  expect(card(1).heard()).toEqual(['in pieces']);
});

test('a machine that takes nothing loses frames and stops nobody', async () => {
  card(1).send(frame(b, everybody, 'hello'));
  await hears(2, 'hello');
  // As a paused QEMU does: the socket is open, and nobody reads it.
  card(2).client?.pause();
  const payload = 'x'.repeat(1400);
  const count = 2000;
  for (let sent = 0; sent < count; sent++) card(0).send(frame(a, everybody, payload));
  card(0).send(frame(a, address(b), 'the last'));
  await hears(1, 'the last');
  expect(
    card(1)
      .heard()
      .filter((heard) => heard === payload),
  ).toHaveLength(count);
  card(2).client?.resume();
  card(0).send(frame(a, everybody, 'end'));
  await vi.waitUntil(() => {
    card(0).send(frame(a, everybody, 'again'));
    return card(2).heard().includes('again');
  }, patient);
  // What waited was bounded: by what the kernel holds, and 256 KiB.
  const got = card(2)
    .heard()
    .filter((heard) => heard === payload).length;
  expect(got).toBeGreaterThan(0);
  expect(got).toBeLessThan(count / 2);
});

test('a machine that is turned off and on is plugged in again, and found at its new place', async () => {
  card(1).send(frame(b, everybody, 'hello'));
  await hears(0, 'hello');
  const { path } = card(1);
  card(1).off();
  await vi.waitUntil(() => !running.plugged().includes(path), patient);
  cards[1] = new Card(path);
  await vi.waitUntil(() => running.plugged().includes(path), patient);
  // It has not spoken yet, so this goes to all.
  card(0).send(frame(a, address(b), 'are you back?'));
  await hears(1, 'are you back?');
  await hears(2, 'are you back?');
  expect(card(1).heard()).toEqual(['are you back?']);
});

test('a new switch finds the machines of the one that is gone', async () => {
  running.close();
  await vi.waitUntil(() => cards.every(({ client }) => client === null), patient);
  running = startSwitch(cards.map(({ path }) => path));
  await running.triedAll;
  await vi.waitUntil(() => cards.every(({ client }) => client !== null), patient);
  card(0).send(frame(a, everybody, 'still there?'));
  await hears(1, 'still there?');
  await hears(2, 'still there?');
  expect(card(0).heard()).toEqual([]);
});

test.each([
  ['a length of nothing', Buffer.from([0, 0, 0, 0, 1, 2])],
  ['a length beyond all frames', Buffer.from([0xff, 0xff, 0xff, 0xff])],
])('what is no frame (%s) ends the connection, and it is made anew', async (_, bytes) => {
  const first = card(0).client;
  first?.write(bytes);
  await vi.waitUntil(() => card(0).client !== null && card(0).client !== first, patient);
  card(0).send(frame(a, everybody, 'in step again'));
  await hears(1, 'in step again');
  expect(card(1).heard()).toEqual(['in step again']);
});

test('made-up addresses in great number leave the traffic of others alone', async () => {
  const made = Array.from({ length: 5000 }, (_, number) => {
    const all = frame(a, everybody, '');
    all.writeUInt32BE(number, 8);
    return all;
  });
  card(0).send(...made);
  card(2).send(frame(c, address(b), 'between others'));
  await hears(1, 'between others');
  expect(
    card(1)
      .heard()
      .filter((heard) => heard === 'between others'),
  ).toHaveLength(1);
});
