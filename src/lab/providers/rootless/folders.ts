import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
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
  for (const folder of foldersOf(lab)) makeFolder(folder);
  writeDaemonConfig(configHome(lab));
  for (const { link, target } of linksOf(lab)) makeLink(link, target);
}

/** Whether all that prepareFolders makes is there. */
export const areFoldersPrepared = (lab: Lab): boolean =>
  foldersOf(lab).every((folder) => existsSync(folder)) &&
  linksOf(lab).every(({ link, target }) => targetOf(link) === target);

/** The definitions of the machines must outlive /tmp, and their sockets need a short path. */
const configHome = (lab: Lab): string => join(lab.folder, 'libvirt', 'config');

const foldersOf = (lab: Lab): string[] => [
  configHome(lab),
  join(lab.folder, 'libvirt', 'data'),
  join(lab.folder, 'libvirt', 'cache'),
  poolFolder(lab),
  cableFolder(lab),
];

const linksOf = (lab: Lab): { link: string; target: string }[] => [
  { link: join(lab.runFolder, 'c'), target: configHome(lab) },
  { link: plainPath(lab, 'lab'), target: lab.folder },
  { link: plainPath(lab, 'vagrant'), target: vagrantHome() },
];

/** What a link leads to; null for what is no link, or not there. */
const targetOf = (link: string): string | null =>
  lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(link) : null;

function makeLink(link: string, target: string): void {
  if (targetOf(link) === target) return;
  rmSync(link, { force: true, recursive: true });
  symlinkSync(target, link);
}
