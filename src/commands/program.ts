import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ExitCode, fileSystemError, HalabError, usageError } from '../errors.ts';
import { nameLab } from '../terminal/which-lab.ts';
import type { GlobalOptions } from './context.ts';
import { wasInterrupted } from './interruption.ts';

/** What a command's function is given besides its own arguments. */
type Action = (...args: never[]) => Promise<ExitCode>;

/** Runs a command's function, which is only imported then, with the options of all commands and its own arguments. */
type Perform = (
  load: () => Promise<Action>,
  global: GlobalOptions,
  own: readonly unknown[],
) => Promise<void>;

/**
 * Parses the command line and runs the command that it names. Commands are imported when they are
 * called, so that each starts as fast as it can.
 * @returns the exit code.
 */
export async function runCommandLine(argv: readonly string[], version: string): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.fine;
  const program = commandTree(version, async (load, global, own) => {
    const { rescueRecords } = await import('../lab/rescue.ts');
    for (const note of rescueRecords()) process.stderr.write(`${note}\n`);
    const action = (await load()) as unknown as (...all: unknown[]) => Promise<ExitCode>;
    exitCode = await action(global, ...own);
  });
  try {
    await program.parseAsync([...argv]);
    // What was not done or not found after Ctrl-C says nothing of the lab.
    return exitCode !== ExitCode.fine && wasInterrupted() ? ExitCode.interrupted : exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      return thrown.exitCode === 0 ? ExitCode.fine : ExitCode.usage;
    }
    const { Interrupted } = await import('../terminal/prompt.ts');
    if (thrown instanceof Interrupted) return ExitCode.interrupted;
    const { renderError } = await import('../terminal/report.ts');
    const error = fileSystemError(thrown) ?? thrown;
    const known = error instanceof HalabError;
    process.stderr.write(
      `${renderError(error, { verbose: program.opts<{ verbose: boolean }>().verbose })}\n`,
    );
    if (wasInterrupted()) return ExitCode.interrupted;
    return known ? error.exitCode : ExitCode.broken;
  }
}

/** All commands with their arguments and options; what a command does is left to `perform`. */
export function commandTree(version: string, perform: Perform): Command {
  const program = new Command('halab')
    .description(
      'A lab of real virtual machines in which to learn Linux high availability.\nWithout a command: the guided course, from where you were.',
    )
    .version(version, '-V, --version')
    .option('--lab <name>', 'which lab', 'default')
    .option('--yes', 'answer the questions of the set-up with yes', false)
    .option('--verbose', 'show the stack of an error', false)
    .exitOverride()
    .showHelpAfterError('(halab --help lists the commands)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true });

  const json = (): Option => new Option('--json', 'print JSON for a script').default(false);
  const flavour = (): Option =>
    new Option('--flavour <tool>', 'which way to do it').choices(['pcs', 'crmsh']);
  const bind =
    (load: () => Promise<Action>) =>
    // Commander hands over the arguments, then the options, then the command.
    (...args: unknown[]): Promise<void> =>
      perform(
        load,
        { ...program.opts(), labNamed: program.getOptionValueSource('lab') === 'cli' },
        args.slice(0, -1),
      );

  program.hook('preAction', async (_, command) => {
    nameLab(program.opts<{ lab: string }>().lab);
    await refuseExcess(command);
  });
  // For the whole tree: the refusal is halab's own, which tells a lab's name from another word.
  program.allowExcessArguments().action(async () => {
    await bind(async () => (await import('./guide.ts')).guide)(null);
  });
  program
    .command('up')
    .description('bring the machines up, from whatever state they are in')
    .addOption(new Option('--machines <count>', 'two or three machines').choices(['2', '3']))
    .addOption(
      new Option('--provider <name>', 'where the machines run').choices([
        'rootless',
        'libvirt',
        'virtualbox',
      ]),
    )
    .option('--memory <MiB>', 'memory of each machine', wholeNumber)
    .option('--cpus <count>', 'CPUs of each machine', wholeNumber)
    .addOption(json())
    .action(bind(async () => (await import('./up.ts')).up));
  program
    .command('down')
    .description('shut the machines down; nothing is lost')
    .action(bind(async () => (await import('./down.ts')).down));
  program
    .command('destroy')
    .description('remove the lab with its machines, disks and progress')
    .option('--all', 'every lab', false)
    .action(bind(async () => (await import('./destroy.ts')).destroyCommand));
  program
    .command('status')
    .description('the machines, the lesson and the disk space')
    .addOption(json())
    .action(bind(async () => (await import('./status.ts')).status));
  program
    .command('lessons')
    .description('the course, and what is done of it')
    .addOption(json())
    .action(bind(async () => (await import('./lessons.ts')).lessons));
  program
    .command('learn')
    .argument('[lesson]', 'which lesson; the current one if none is named')
    .description('show a lesson: its text, and the task that is next')
    .action(bind(async () => (await import('./learn.ts')).learn));
  program
    .command('check')
    .argument('[task]', 'which task of the lesson; the next one if none is named')
    .description("judge the cluster's real state against the task")
    .option('--lesson <lesson>', 'which lesson; the current one if none is named')
    .option('--now', 'do not wait for the cluster to settle', false)
    .addOption(json())
    .action(bind(async () => (await import('./check.ts')).check));
  program
    .command('hint')
    .argument('[task]', 'which task; the next one if none is named')
    .description('the next hint for the task')
    .action(bind(async () => (await import('./hint.ts')).hint));
  program
    .command('solution')
    .argument('[task]', 'which task; the next one if none is named')
    .description('the solution of the task')
    .addOption(flavour())
    .option('--run', 'run it on the machines', false)
    .action(bind(async () => (await import('./solution.ts')).solution));
  program
    .command('reset')
    .argument('[lesson]', 'which lesson; the current one if none is named')
    .description("bring all machines back to a lesson's start")
    .option('--forget-later', 'forget also what was done in lessons that build on it', false)
    .addOption(
      new Option(
        '--flavour <tool>',
        "whose solutions build a lesson's start that has no checkpoint",
      )
        .choices(['pcs', 'crmsh'])
        .default('crmsh'),
    )
    .action(bind(async () => (await import('./reset.ts')).reset));
  const checkpoint = program
    .command('checkpoint')
    .description('snapshots of all machines, to come back to');
  checkpoint
    .command('save')
    .argument('<name>', 'what to call it')
    .description('save all machines as they are now')
    .action(bind(async () => (await import('./checkpoint.ts')).checkpointSave));
  checkpoint
    .command('list')
    .description('the checkpoints that there are')
    .addOption(json())
    .action(bind(async () => (await import('./checkpoint.ts')).checkpointList));
  checkpoint
    .command('restore')
    .argument('<name>', 'which checkpoint')
    .description('bring all machines back to a checkpoint; progress stays as it is')
    .action(bind(async () => (await import('./checkpoint.ts')).checkpointRestore));
  checkpoint
    .command('delete')
    .argument('<name>', 'which checkpoint')
    .description('delete a checkpoint')
    .action(bind(async () => (await import('./checkpoint.ts')).checkpointDelete));
  program
    .command('fault')
    .argument('[kind]', 'what to break; without one, all kinds are listed')
    .argument('[machine]', 'where; the node that runs the most if none is named')
    .description('break something, for free play')
    .option('--undo', 'undo it; all faults if no kind is named', false)
    .option('--for <seconds>', 'undo it by itself after that time', wholeNumber)
    .option('--unit <name>', 'the service of stop-service')
    .addOption(
      new Option('--after <seconds>', 'wait before undoing').argParser(wholeNumber).hideHelp(),
    )
    .addOption(json())
    .action(bind(async () => (await import('./fault.ts')).fault));
  program
    .command('shell')
    .argument('<machine>', 'node1, node2 or storage')
    .argument('[command...]', 'a command to run there in place of a shell (after --)')
    .description('a shell on a machine')
    .action(bind(async () => (await import('./shell.ts')).shell));
  program
    .command('drill')
    .argument('[drill]', 'which drill of the lesson; the next one if none is named')
    .description('break something on purpose, and measure how the cluster copes')
    .option('--lesson <lesson>', 'which lesson; the current one if none is named')
    .addOption(json())
    .action(bind(async () => (await import('./drill.ts')).drill));
  program
    .command('doctor')
    .description('what this computer has and lacks for a lab')
    .option('--fix', 'install what is missing', false)
    .addOption(
      new Option(
        '--provider <name>',
        "where the machines are to run; as the lab's, or as is usual, unless given",
      ).choices(['rootless', 'libvirt', 'virtualbox']),
    )
    .addOption(json())
    .action(bind(async () => (await import('./doctor.ts')).doctor));
  program
    .command('command')
    .description('put the command `halab` where your shell finds it')
    .option('--remove', 'take it away again', false)
    .action(bind(async () => (await import('./own-command.ts')).ownCommand));
  program
    .command('smoke')
    .argument(
      '[lessons...]',
      'which lessons; all if none is named. What they build on is played first',
    )
    .description('play the lessons on real machines with their solutions')
    .addOption(
      new Option(
        '--flavour <tool>',
        'whose solutions are played; crmsh builds a start in the middle of the course',
      )
        .choices(['pcs', 'crmsh'])
        .default('pcs'),
    )
    .addOption(
      new Option('--reporter <format>', 'format of the results')
        .choices(['tap', 'junit', 'json'])
        .default('tap'),
    )
    .addOption(
      new Option('--machines <count>', 'two or three machines').choices(['2', '3']).default('3'),
    )
    .option('--keep', 'leave the machines when done', false)
    .addOption(
      new Option('--labs <count>', 'so many labs share the lessons, side by side')
        .argParser(wholeNumber)
        .default(1),
    )
    .addOption(
      new Option('--shard <i/n>', 'play only a part of the lessons, such as 1/2').argParser(shard),
    )
    .option('--times <file>', 'write a document with the measured outages')
    .action(bind(async () => (await import('./smoke.ts')).smoke));
  program
    .command('report')
    .argument('[file]', 'the archive to write')
    .description('collect logs and states of the lab into one archive, without secrets')
    .action(bind(async () => (await import('./report.ts')).report));
  const box = program.command('box').description('the base box that the machines are made from');
  box
    .command('build')
    .description('build it from Debian packages, unless it is built')
    .option('--force', 'build it even so', false)
    .addOption(json())
    .action(bind(async () => (await import('./box.ts')).boxBuild));
  box
    .command('remove')
    .description('remove the boxes that were built')
    .action(bind(async () => (await import('./box.ts')).boxRemove));
  const lesson = program.command('lesson').description('for authors of lessons');
  lesson
    .command('new')
    .argument('<id>', 'its name: small letters, digits and hyphens')
    .argument('[folder]', 'a course; the built-in one if none is named')
    .description('begin a lesson, for you to fill in')
    .action(bind(async () => (await import('./lesson.ts')).lessonNew));
  lesson
    .command('lint')
    .argument('[folder]', 'a course; the built-in one if none is named')
    .description('find what is wrong in lessons, with line and column')
    .action(bind(async () => (await import('./lesson.ts')).lessonLint));
  lesson
    .command('schema')
    .description('the JSON Schema of lesson.yaml')
    .action(bind(async () => (await import('./lesson.ts')).lessonSchema));

  return program;
}

/**
 * Refuses words that a command has no use for, before it does anything: who types one has something else in mind,
 * as with `halab destroy other`, which is not about the lab "other".
 */
async function refuseExcess(command: Command): Promise<void> {
  const { registeredArguments: wanted, args } = command;
  const [excess] = wanted.at(-1)?.variadic === true ? [] : args.slice(wanted.length);
  if (excess === undefined) return;
  const words = [];
  for (let at: Command | null = command; at !== null; at = at.parent) words.unshift(at.name());
  if (words.length === 1)
    throw usageError(`There is no command "${excess}".`, 'halab --help lists the commands');
  const { isLabName, labExists } = await import('../lab/lab.ts');
  throw usageError(
    `"${words.join(' ')}" has no use for the word "${excess}". Nothing was done.`,
    isLabName(excess) && labExists(excess)
      ? `For the lab "${excess}": halab --lab ${[excess, ...words.slice(1)].join(' ')}`
      : `What it takes: ${words.join(' ')} --help`,
  );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

/** "2/3" as the second of three parts. */
function shard(text: string): { readonly index: number; readonly count: number } {
  const [, index = 0, count = 0] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index < 1 || index > count) throw new InvalidArgumentError('It must be such as 1/2 or 2/2.');
  return { index, count };
}
