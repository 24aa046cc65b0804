import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import { HalabError } from './errors.ts';

/** The folder of the package: it holds lessons/ and vagrant/, whether run from source, from dist/ or installed. */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

function findPackageRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${from}`);
  }
}

/** The version of this halab. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string })
    .version;

export const lessonsFolder: string = join(packageRoot, 'lessons');
export const vagrantFolder: string = join(packageRoot, 'vagrant');

/**
 * Where halab keeps labs and boxes, always an absolute path: $HALAB_HOME, or the user's data folder by the
 * platform's custom (XDG Base Directory Specification on Linux: ~/.local/share/halab).
 */
export function halabHome(): string {
  // Absolute at once: Vagrant, ssh and libvirt are started in folders of their own.
  if (process.env.HALAB_HOME) return resolve(process.env.HALAB_HOME);
  // Without a HOME, or with a relative one, what the system knows of the user.
  if (!isAbsolute(homedir())) return join(userInfo().homedir, '.local', 'share', 'halab');
  return isStrayDataHome(process.env.XDG_DATA_HOME)
    ? join(homedir(), '.local', 'share', 'halab')
    : envPaths('halab', { suffix: '' }).data;
}

/**
 * Whether $XDG_DATA_HOME is not the user's: a snap (the terminal of VS Code) sets one of its own that changes with
 * every version of the snap, and the lab would be gone; the specification has a relative one ignored.
 */
const isStrayDataHome = (folder: string | undefined): boolean =>
  process.platform === 'linux' &&
  Boolean(folder) &&
  (!isAbsolute(folder ?? '') || (folder ?? '').startsWith(join(homedir(), 'snap', '/')));

export const labsFolder = (): string => join(halabHome(), 'labs');
export const boxesFolder = (): string => join(halabHome(), 'boxes');
/** Vagrant's own home for rootless labs, apart from the user's ~/.vagrant.d. */
export const vagrantHome = (): string => join(halabHome(), 'vagrant');

/**
 * Makes a folder and those above it, unless they are there. Not by mkdirSync's `recursive`, which
 * says ENOENT where the file system is read-only.
 * @throws HalabError when something else is in its place, or no folder can be there; else the error of mkdir(2).
 */
export function makeFolder(folder: string, mode = 0o700): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw inTheWay(folder, 'There is something else of that name.');
  makeFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Where a program gives the folders, as in /proc, there is none but those.
    if (code === 'ENOENT') throw inTheWay(folder, `${dirname(folder)} takes no folders.`);
    if (code !== 'EEXIST') throw error;
    // Another halab may have been quicker. Or it is a link that leads nowhere.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw inTheWay(folder, 'There is something else of that name.');
  }
}

const inTheWay = (folder: string, reason: string): HalabError =>
  new HalabError(`The folder ${folder} cannot be made.`, {
    reason,
    next: `Look at it: ls -ld ${folder}. Or name another folder: HALAB_HOME=FOLDER halab …`,
  });
