import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { makeRunFolder } from '../../../own-folder.ts';
import { makeFolder, vagrantHome } from '../../../paths.ts';
import type { Lab } from '../../lab.ts';
import { writeDaemonConfig } from '../libvirt.ts';

/** Where libvirt keeps the machines' disks. */
export const poolFolder = (lab: Lab): string => join(lab.folder, 'images');

/** Where the machines' QEMUs listen for the switch: a socket a machine, of the machine's name. */
export const cableFolder = (lab: Lab): string => join(lab.runFolder, 'sw');

/**
 * A path below the lab's folder or below Vagrant's home by way of a link in the run folder. The plugin writes paths
 * into libvirt's XML as they are: one with a letter outside ASCII, an apostrophe or an ampersand ends it
 * ("incompatible character encodings", "attributes construct error").
 */
export const plainPath = (lab: Lab, to: 'lab' | 'vagrant', ...rest: string[]): string =>
  join(lab.runFolder, to[0] ?? '', ...rest);

/** Makes the folders and the links that libvirt's environment and the machines' definitions name. Idempotent. */
export function prepareFolders(lab: Lab): void {
  makeRunFolder(lab.runFolder);
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
  writeDaemonConfig(config);
  makeLink(join(lab.runFolder, 'c'), config);
  makeLink(plainPath(lab, 'lab'), lab.folder);
  makeLink(plainPath(lab, 'vagrant'), vagrantHome());
}

function makeLink(link: string, target: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()
    ? readlinkSync(link)
    : null;
  if (found === target) return;
  rmSync(link, { force: true, recursive: true });
  symlinkSync(target, link);
}
