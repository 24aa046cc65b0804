import { ExitCode, usageError } from '../errors.ts';
import { buildBox, removeBoxes, wantedBox } from '../lab/box.ts';
import { labNames } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { runLocally } from '../local-runner.ts';
import { type GlobalOptions, say, sayJson } from './context.ts';
import { interruption } from './interruption.ts';
import { withProgress } from './with-progress.ts';

export async function boxBuild(
  _global: GlobalOptions,
  options: { force: boolean; json: boolean },
): Promise<ExitCode> {
  const signal = interruption();
  const box = await wantedBox(runLocally);
  await withLock('box.build', 'building the base box', () =>
    withProgress(options.json, (emit) => buildBox(box, emit, { force: options.force, signal })),
  );
  if (options.json) sayJson(box);
  else
    say(
      `The box is ${box.file}\nWith plain Vagrant: vagrant box add --name halab/debian13 ${box.file}`,
    );
  return ExitCode.fine;
}

export async function boxRemove(): Promise<ExitCode> {
  const labs = labNames();
  if (labs.length > 0) {
    throw usageError(
      `The box is in use by ${labs.join(', ')}.`,
      'Remove the labs first: halab destroy --all',
    );
  }
  say(`Removed: ${Math.round((await removeBoxes()) / 1e6)} MB.`);
  return ExitCode.fine;
}
