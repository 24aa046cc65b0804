import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pasteable } from '../local-runner.ts';

// After `npm start` on a clone no shell knows the command `halab` that lessons and errors speak of. A small script in
// a folder where the shell looks makes them true; it holds nothing but the way to this clone.

/** Where the command can be put. */
export interface CommandPlace {
  readonly file: string;
  /** A file that the shell reads at its start and in which the folder has to be named first; null: the shell looks there already. */
  readonly startFile: string | null;
}

/** What of the user's environment decides where a shell looks for commands. */
export interface ShellSurroundings {
  /** $PATH */
  readonly path: string;
  readonly home: string;
  /** $SHELL */
  readonly shell: string;
  canWrite(folder: string): boolean;
}

/** Bash reads it in each interactive shell that is no login shell (bash(1), INVOCATION), zsh in each (zsh(1), STARTUP FILES). */
const startFiles: Readonly<Record<string, string>> = { bash: '.bashrc', zsh: '.zshrc' };

const name = 'halab';
const mark = '# Made by halab for its command; `halab command --remove` takes it away.';

/**
 * The place for the command: a folder of the user's own in which the shell looks, or the computer's for root; else
 * ~/.local/bin, which a start file has to name. null for a shell whose start file halab does not know.
 */
export function placeForCommand(around: ShellSurroundings): CommandPlace | null {
  const own = [join(around.home, '.local', 'bin'), join(around.home, 'bin')];
  const searched = around.path.split(':');
  const folder = [...own, '/usr/local/bin'].find(
    (one) => searched.includes(one) && around.canWrite(one),
  );
  if (folder !== undefined) return { file: join(folder, name), startFile: null };
  const startFile = startFiles[basename(around.shell)];
  if (startFile === undefined) return null;
  return {
    file: join(around.home, '.local', 'bin', name),
    startFile: join(around.home, startFile),
  };
}

/** The file that a shell would run as `halab`; null when it finds none. */
export function findCommand(path: string): string | null {
  for (const folder of path.split(':').filter((one) => one !== '')) {
    const file = join(folder, name);
    if (isProgram(file)) return file;
  }
  return null;
}

function isProgram(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether files may be made in a folder, which may itself have to be made first. */
export function canWrite(folder: string): boolean {
  if (!existsSync(folder)) return folder !== dirname(folder) && canWrite(dirname(folder));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

/** What makes the command work in one terminal without any of this. */
export const aliasFor = (node: string, program: string): string =>
  `alias halab=${pasteable([pasteable([node, program])])}`;

/**
 * Puts the command there. Made again it changes nothing more.
 * @throws the error of the file system; Error when a file of that name is not halab's.
 */
export function putCommand(place: CommandPlace, node: string, program: string): void {
  if (existsSync(place.file) && !isOurs(place.file))
    throw new Error(`${place.file} is there already, and is not halab's.`);
  mkdirSync(dirname(place.file), { recursive: true });
  const script = `#!/bin/sh\n${mark}\nexec ${pasteable([node, program])} "$@"\n`;
  writeFileSync(place.file, script, { mode: 0o755 });
  if (place.startFile === null || namesIt(place.startFile)) return;
  const before = existsSync(place.startFile) ? readFileSync(place.startFile, 'utf8') : '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  const folder = pasteable([dirname(place.file)]);
  writeFileSync(place.startFile, `${before}${gap}${mark}\nPATH=${folder}:"$PATH"\n`);
}

const isOurs = (file: string): boolean => readFileSync(file, 'utf8').includes(mark);
const namesIt = (startFile: string): boolean => existsSync(startFile) && isOurs(startFile);

/** Takes away what putCommand made, and nothing else. @returns the files that were changed or removed. */
export function removeCommand(around: Pick<ShellSurroundings, 'home'>): string[] {
  const { home } = around;
  const changed: string[] = [];
  for (const folder of [join(home, '.local', 'bin'), join(home, 'bin'), '/usr/local/bin']) {
    const file = join(folder, name);
    if (!existsSync(file) || !isOurs(file)) continue;
    rmSync(file);
    changed.push(file);
  }
  for (const startFile of Object.values(startFiles).map((one) => join(home, one))) {
    if (!namesIt(startFile)) continue;
    const lines = readFileSync(startFile, 'utf8').split('\n');
    const kept = lines.filter((line, at) => line !== mark && lines[at - 1] !== mark);
    writeFileSync(startFile, kept.join('\n'));
    changed.push(startFile);
  }
  return changed;
}
