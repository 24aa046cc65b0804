import { ExitCode } from '../errors.ts';
import { readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { powerDown } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { type GlobalOptions, labName, say } from './context.ts';
import { withProgress } from './with-progress.ts';

export async function down(global: GlobalOptions): Promise<ExitCode> {
  const name = labName(global);
  const lab = readLab(name);
  await withProgress(false, (emit) =>
    withLock(name, 'shutting the machines down', () => powerDown(lab, { run: runLocally, emit })),
  );
  say('The machines are off. Carry on with: halab up');
  return ExitCode.fine;
}
