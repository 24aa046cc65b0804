import { connect, type Socket } from 'node:net';

/**
 * An Ethernet switch in user space: the machines' cluster network. Each machine's QEMU listens on a unix socket of its
 * own (`-netdev stream,server=on`), and the switch plugs itself into all of them, again and again until it succeeds.
 * So a machine may be turned on without a switch, and a new switch finds the machines of the one that was killed.
 *
 * Not a QEMU as hub: in QEMU 7.2 a socket that a `stream` server has accepted blocks, so one paused machine would stop the
 * others, and its client does not reconnect; and `dgram` never waits for a full socket but asks again without a pause.
 */

/** QEMU puts a frame's length before it, as four bytes in network order (net/stream.c, net_socket_rs_init). */
const lengthBytes = 4;
const addressBytes = 6;
/** The two addresses and the type (IEEE 802.3); the largest that QEMU's stream netdev takes (NET_BUFSIZE in include/net/net.h). */
const frameBytes = { least: 14, most: 4096 + 65536 } as const;

/** Bytes that are read at once. */
const mostRead = 64 * 1024;

/** Bytes that may wait for a machine that takes nothing, a paused one for instance; frames beyond are lost, as at any switch. */
const mostWaiting = 256 * 1024;

/** Addresses that are remembered at most: each machine has one, and a guest that makes them up must not fill the memory. */
const mostAddresses = 1024;

/** Milliseconds between two attempts to plug into a machine that is off. */
const plugEvery = 250;

interface Port {
  readonly path: string;
  /** null while nothing listens at the other end. */
  socket: Socket | null;
  /** The beginning of a frame whose rest has not come yet. */
  pending: Buffer;
}

/** A running switch. */
export interface Switch {
  /** Resolves once each machine was tried for the first time. */
  readonly triedAll: Promise<void>;
  /** Paths of the sockets that it is plugged into. */
  plugged(): readonly string[];
  close(): void;
}

/**
 * Starts a switch between the machines that listen on these unix sockets, now or later. A frame goes to the port where its
 * destination was last heard of, and to all others when that is not known or is a group (IEEE 802.1D, learning bridge).
 * `onIdle` is called each time a machine could not be reached.
 */
export function startSwitch(paths: readonly string[], onIdle: () => void = () => {}): Switch {
  const ports: Port[] = paths.map((path) => ({ path, socket: null, pending: Buffer.alloc(0) }));
  const portOf = new Map<number, Port>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  function forward(from: Port, framed: Buffer): void {
    const destination = framed.readUIntBE(lengthBytes, addressBytes);
    const source = framed.readUIntBE(lengthBytes + addressBytes, addressBytes);
    if (!isGroup(framed, lengthBytes + addressBytes) && portOf.get(source) !== from) {
      if (portOf.size >= mostAddresses) portOf.clear();
      portOf.set(source, from);
    }
    const known = isGroup(framed, lengthBytes) ? undefined : portOf.get(destination);
    for (const port of known === undefined ? ports : [known]) {
      if (port === from || port.socket === null) continue;
      if (port.socket.writableLength > mostWaiting) continue;
      // A copy, since the next read goes into the same memory, and what the kernel does not take now waits.
      port.socket.write(Buffer.from(framed));
    }
  }

  function take(port: Port, socket: Socket, chunk: Buffer): void {
    const bytes = port.pending.length === 0 ? chunk : Buffer.concat([port.pending, chunk]);
    // What one read brought goes out in one write each.
    for (const { socket: other } of ports) other?.cork();
    let at = 0;
    while (at + lengthBytes <= bytes.length) {
      const length = bytes.readUInt32BE(at);
      if (length < frameBytes.least || length > frameBytes.most) {
        // Not QEMU, or out of step: begin anew.
        socket.destroy();
        break;
      }
      const end = at + lengthBytes + length;
      if (end > bytes.length) break;
      forward(port, bytes.subarray(at, end));
      at = end;
    }
    for (const { socket: other } of ports) other?.uncork();
    port.pending = Buffer.from(bytes.subarray(at));
  }

  /** Plugs into a machine and stays so until it goes; resolves when it is known whether that worked. */
  function plug(port: Port): Promise<void> {
    return new Promise((resolve) => {
      // Into memory of its own and past the stream's queue: half of what a frame's way through Node takes beyond a C program's.
      const memory = Buffer.allocUnsafeSlow(mostRead);
      const onread = {
        buffer: memory,
        callback(count: number): boolean {
          take(port, socket, memory.subarray(0, count));
          return true;
        },
      };
      const socket = connect({ path: port.path, onread });
      socket.once('connect', () => {
        port.socket = socket;
        port.pending = Buffer.alloc(0);
        resolve();
      });
      // A machine that is off, or goes: `close` follows and all is done there.
      socket.on('error', () => {});
      socket.once('close', () => {
        port.socket = null;
        for (const [address, at] of portOf) if (at === port) portOf.delete(address);
        resolve();
        if (closed) return;
        onIdle();
        const timer = setTimeout(() => {
          timers.delete(timer);
          plug(port);
        }, plugEvery);
        timers.add(timer);
      });
      // A switch that is closed meanwhile must not be plugged in once more.
      if (closed) socket.destroy();
    });
  }

  return {
    triedAll: Promise.all(ports.map(plug)).then(() => undefined),
    plugged: () => ports.filter(({ socket }) => socket !== null).map(({ path }) => path),
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const { socket } of ports) socket?.destroy();
    },
  };
}

/** Whether the address at that place is of a group: multicast or broadcast (the lowest bit of its first byte). */
const isGroup = (frame: Buffer, at: number): boolean => ((frame[at] ?? 0) & 1) === 1;
