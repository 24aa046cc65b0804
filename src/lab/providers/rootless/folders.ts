import { chmodSync, lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { HalabError } from '../../../errors.ts';
import { makeFolder } from '../../../paths.ts';
import type { Lab } from '../../lab.ts';

/** Where libvirt keeps the machines' disks. */
export const poolFolder = (lab: Lab): string => join(lab.folder, 'images');

/** Where the machines' QEMUs listen for the switch: a socket a machine, of the machine's name. */
export const cableFolder = (lab: Lab): string => join(lab.runFolder, 'sw');

/** Makes the folders and the link that libvirt's environment names; safe against other users' tricks in /tmp. */
export function prepareFolders(lab: Lab): void {
  const parent = join(lab.runFolder, '..');
  for (const folder of [parent, lab.runFolder]) {
    makeFolder(folder);
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) {
      throw new HalabError(`${folder} does not belong to you.`, {
        reason: 'halab keeps its sockets there, and somebody else has made it first.',
        next: `Have it removed, then run the command again: sudo rm -r ${folder}`,
      });
    }
    chmodSync(folder, 0o700);
  }
  // The definitions of the machines must outlive /tmp, and their sockets need a short path.
  const config = join(lab.folder, 'libvirt', 'config');
  for (const folder of [
    config,
    join(lab.folder, 'libvirt', 'data'),
    join(lab.folder, 'libvirt', 'cache'),
    poolFolder(lab),
    cableFolder(lab),
  ]) {
    makeFolder(folder);
  }
  const link = join(lab.runFolder, 'c');
  const target = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()
    ? readlinkSync(link)
    : null;
  if (target !== config) {
    rmSync(link, { force: true, recursive: true });
    symlinkSync(config, link);
  }
}
