import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commandTree, runCommandLine } from '../../src/commands/program.ts';
import { HalabError } from '../../src/errors.ts';
import { labFolder, newRecord, writeLab } from '../../src/lab/lab.ts';

/** All commands that can be called, without the program itself. */
const commandsIn = (command: Command): Command[] =>
  command.commands.flatMap((each) => (each.commands.length > 0 ? commandsIn(each) : [each]));

/** The words that call a command, without the program's own. */
const wordsOf = (command: Command): string[] =>
  command.parent === null ? [] : [...wordsOf(command.parent), command.name()];

const all = commandsIn(commandTree('0', async () => {}));

/** Parses a command line. @returns whether its command would have run, and what was refused. */
async function parse(words: readonly string[]): Promise<{ ran: boolean; refused: unknown }> {
  let ran = false;
  const program = commandTree('0', async () => {
    ran = true;
  });
  try {
    await program.parseAsync(['node', 'halab', ...words]);
    return { ran, refused: null };
  } catch (refused) {
    return { ran, refused };
  }
}

const fixed = all.filter(
  ({ registeredArguments }) => registeredArguments.at(-1)?.variadic !== true,
);

describe('a word too many', () => {
  it.each(fixed.map((command) => [wordsOf(command).join(' '), command] as const))(
    'is refused by "halab %s", which does nothing',
    async (_, command) => {
      const given = [...wordsOf(command), ...command.registeredArguments.map(() => 'word')];
      expect(await parse(given)).toEqual({ ran: true, refused: null });
      for (const excess of [['other'], ['--', 'other'], ['other', 'more'], ['']]) {
        const { ran, refused } = await parse([...given, ...excess]);
        expect(ran).toBe(false);
        expect(refused).toBeInstanceOf(HalabError);
        expect(refused).toMatchObject({ exitCode: 2 });
        expect((refused as HalabError).message).toContain(
          `the word "${excess.at(excess[0] === '--' ? 1 : 0)}"`,
        );
      }
    },
  );

  it('is none for the commands that take as many as there are', async () => {
    const others = all.filter((command) => !fixed.includes(command)).map(wordsOf);
    expect(others).toEqual([['shell'], ['smoke']]);
    for (const words of others)
      expect(await parse([...words, 'a', 'b', 'c'])).toEqual({ ran: true, refused: null });
  });

  it('may be no command at all', async () => {
    const { ran, refused } = await parse(['destory']);
    expect(ran).toBe(false);
    expect(refused).toMatchObject({ exitCode: 2, message: 'There is no command "destory".' });
  });
});

describe('on labs that there are', () => {
  let home = '';
  let said = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'halab-program-'));
    vi.stubEnv('HALAB_HOME', home);
    said = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
    for (const name of ['default', 'other']) writeLab(newRecord(name));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
  });

  it.each([
    [['--yes', 'destroy', 'other'], 'For the lab "other": halab --lab other destroy'],
    [['down', 'node1'], 'What it takes: halab down --help'],
    [['--lab', 'other', 'down', 'default'], 'For the lab "default": halab --lab default down'],
    [['lesson', 'lint', 'lessons/pacemaker', 'more'], 'What it takes: halab lesson lint --help'],
    [['box', 'nonsense'], "unknown command 'nonsense'"],
    [['help', 'nonsense'], 'There is no command "help".'],
    [['--yes', '--lab', 'default', 'destroy', '--all'], 'Type one of the two'],
  ])('halab %j does nothing, says what to type, and ends with 2', async (words, next) => {
    expect(await runCommandLine(['node', 'halab', ...words], '0')).toBe(2);
    expect(said).toContain(next);
    for (const name of ['default', 'other']) expect(existsSync(labFolder(name))).toBe(true);
  });
});
