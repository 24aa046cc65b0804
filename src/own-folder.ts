import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HalabError } from './errors.ts';
import { pasteable } from './local-runner.ts';

/**
 * Makes a folder of our own where everybody may make one, such as /tmp, or takes the one that is there, and sets its
 * mode. Another user of the computer may have been there first, with a folder or a link of that name: what lies
 * in it is theirs, and is neither read nor run.
 * @param use what halab does there: "halab keeps its sockets there"
 * @throws HalabError when it is not ours, a link or no folder; the error of mkdir(2) when it cannot be made.
 */
export function makeOwnFolder(folder: string, mode: number, use: string): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(folder);
  const fault =
    found.uid !== process.getuid?.()
      ? 'does not belong to you'
      : found.isSymbolicLink()
        ? 'is a link'
        : found.isDirectory()
          ? null
          : 'is not a folder';
  if (fault !== null) {
    throw new HalabError(`${folder} ${fault}.`, {
      reason: `${use}, and ${fault === 'does not belong to you' ? 'somebody else has made it first' : 'takes nothing for it but a folder of yours'}.`,
      next: `Have it removed, then run the command again: sudo rm -r ${pasteable([folder])}`,
    });
  }
  // Not only for one that was there: umask(2) takes bits from mkdir's mode.
  chmodSync(folder, mode);
}

/** Whether it is a folder, no link, and ours. */
export function isOwn(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** Makes a lab's run folder and the one above it, which all labs of a user share. @throws as makeOwnFolder. */
export function makeRunFolder(folder: string): void {
  for (const each of [dirname(folder), folder])
    makeOwnFolder(each, 0o700, 'halab keeps its sockets there');
}
