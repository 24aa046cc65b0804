import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExitCode, HalabError } from '../errors.ts';
import {
  aliasFor,
  type CommandPlace,
  canWrite,
  findCommand,
  placeForCommand,
  putCommand,
  removeCommand,
  type ShellSurroundings,
} from '../host/own-command.ts';
import { halabHome, makeFolder } from '../paths.ts';
import { renderText } from '../terminal/report.ts';
import { type GlobalOptions, say } from './context.ts';

const program = fileURLToPath(new URL('../main.js', import.meta.url));
const around = (): ShellSurroundings => ({
  path: process.env.PATH ?? '',
  home: homedir(),
  shell: process.env.SHELL ?? '',
  canWrite,
});
const declined = (): string => join(halabHome(), 'no-command');

/** What works in a shell that does not find the command. */
export const aliasLine = (): string => aliasFor(process.execPath, program);

/** The place for the command `halab` while no shell finds one, and nobody has declined it; else null. */
export function offeredCommand(): CommandPlace | null {
  const { path } = around();
  return findCommand(path) !== null || existsSync(declined()) ? null : placeForCommand(around());
}

/** Puts the command there. @throws HalabError (exit 3) when that cannot be done. */
export function installCommand(place: CommandPlace): void {
  try {
    putCommand(place, process.execPath, program);
  } catch (cause) {
    throw new HalabError('The command halab could not be put there.', {
      reason: cause instanceof Error ? cause.message : String(cause),
      next: `Type this first in each terminal: ${aliasLine()}`,
      cause,
    });
  }
}

/** Remembers that the learner does not want the command. */
export function declineCommand(): void {
  makeFolder(halabHome());
  writeFileSync(declined(), '');
}

/** Puts the command `halab` where the shell finds it, or takes it away again. */
export async function ownCommand(
  _global: GlobalOptions,
  { remove }: { remove: boolean },
): Promise<ExitCode> {
  if (remove) {
    const changed = removeCommand(around());
    say(
      renderText(
        changed.length === 0
          ? "There was none of halab's making."
          : `Taken away from: ${changed.join(', ')}.`,
      ),
    );
    return ExitCode.fine;
  }
  const place = placeForCommand(around());
  if (place === null)
    throw new HalabError('halab does not know where your shell looks for commands.', {
      reason: `It knows bash and zsh; $SHELL is "${around().shell}".`,
      next: `Type this first in each terminal: ${aliasLine()}`,
    });
  installCommand(place);
  say(renderText(installed(place)));
  return ExitCode.fine;
}

/** What is true once the command is there. */
export const installed = ({ file, startFile }: CommandPlace): string =>
  startFile === null
    ? `The command is ${file}. Every shell finds it now.`
    : `The command is ${file}. Terminals that you open from now on find it, by a line in ${startFile}.`;
