import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** The most that a file of a few pages may have; what is larger is something else. */
const mostBytes = 16 * 1024 * 1024;

/**
 * What an ordinary file holds. Whoever reads a pipe waits for somebody who writes, and a device may have no end: what
 * lies where a file is expected may be anything, as in a course or a lab that somebody else has made.
 * @throws Error for what is no ordinary file or too large; the errors of open(2) and read(2).
 */
export function readOrdinaryFile(path: string, most = mostBytes): Buffer {
  // Without O_NONBLOCK a pipe without a writer cannot even be opened (fifo(7)).
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error(`it is ${kindOf(found)}; expected an ordinary file`);
    if (found.size > most)
      throw new Error(`it has ${found.size} bytes; expected at most ${most} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function kindOf(found: ReturnType<typeof fstatSync>): string {
  if (found.isDirectory()) return 'a folder';
  return found.isFIFO() ? 'a pipe' : 'a device';
}

/** The text in bytes of UTF-8, without a byte order mark. @throws NotText when they are not UTF-8. */
export function textIn(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotText(firstDifference(bytes, Buffer.from(bytes.toString('utf8'))), bytes);
  }
}

/** Bytes that are no text in UTF-8. */
export class NotText extends Error {
  /** The line of the first byte that is wrong, from 1. */
  readonly line: number;

  constructor(at: number, bytes: Buffer) {
    super(`it is not UTF-8 (byte ${at + 1})`);
    this.line = bytes.subarray(0, at).toString('latin1').split('\n').length;
  }
}

/** What a lenient decoder has replaced is where its result differs. */
function firstDifference(one: Buffer, other: Buffer): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
