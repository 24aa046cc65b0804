import { ExitCode, HalabError, usageError } from '../errors.ts';
import { labExists, labNames } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { destroy } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { agree } from '../terminal/prompt.ts';
import { canAsk, type GlobalOptions, labName, say } from './context.ts';
import { withProgress } from './with-progress.ts';

export async function destroyCommand(
  global: GlobalOptions,
  options: { all: boolean },
): Promise<ExitCode> {
  if (options.all && global.labNamed)
    throw usageError(
      `--lab ${global.lab} means one lab, and --all means every one.`,
      `Type one of the two: halab --lab ${global.lab} destroy, or halab destroy --all`,
    );
  const names = options.all ? labNames() : [labName(global)];
  if (!options.all && !labExists(global.lab)) {
    say(`There is no lab named "${global.lab}": nothing to remove.`);
    return ExitCode.fine;
  }
  if (names.length === 0) {
    say('There are no labs: nothing to remove.');
    return ExitCode.fine;
  }
  if (!global.yes) await consent(names);
  const failed: HalabError[] = [];
  await withProgress(false, async (emit) => {
    for (const name of names) {
      try {
        await withLock(name, 'removing the lab', () => destroy(name, { run: runLocally, emit }));
      } catch (error) {
        // The other labs can still go.
        if (!(error instanceof HalabError) || !options.all) throw error;
        failed.push(error);
      }
    }
  });
  const [first] = failed;
  if (first !== undefined) throw first;
  say(`Removed: ${names.join(', ')}. The base box is kept for the next lab (halab box remove).`);
  return ExitCode.fine;
}

async function consent(names: readonly string[]): Promise<void> {
  if (!canAsk()) throw usageError('Removing a lab needs your consent.', 'halab destroy --yes');
  const sure = await agree(
    `Remove ${names.join(', ')} with all machines, disks and progress?`,
    false,
  );
  if (!sure) throw usageError('Nothing was removed.');
}
