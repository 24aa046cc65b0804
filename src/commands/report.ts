import { resolve } from 'node:path';
import { observe } from '../cluster/observe.ts';
import { ExitCode, usageError } from '../errors.ts';
import { readLab } from '../lab/lab.ts';
import { providerOf } from '../lab/providers/index.ts';
import { sshShell } from '../lab/ssh.ts';
import { runLocally } from '../local-runner.ts';
import { collectReport } from '../report/collect.ts';
import { renderText } from '../terminal/report.ts';
import { type GlobalOptions, labName, say } from './context.ts';
import { withProgress } from './with-progress.ts';

/** Writes one archive with all that is needed to find out what went wrong in a lab. Changes nothing. */
export async function report(global: GlobalOptions, file: string | undefined): Promise<ExitCode> {
  const name = labName(global);
  const lab = readLab(name);
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const archive = resolve(file ?? `halab-report-${name}-${time}.tar.gz`);
  if (!archive.endsWith('.tar.gz'))
    throw usageError('The report is a .tar.gz archive.', `halab report ${file}.tar.gz`);
  const shell = sshShell(lab, runLocally);
  const silent = await withProgress(false, async (emit) => {
    const step = 'report';
    const started = performance.now();
    emit({ type: 'step-started', step, title: 'Collecting logs and states', estimateSeconds: 30 });
    const versions = Object.fromEntries(
      await Promise.all(
        ['vagrant', 'qemu-system-x86_64', 'virsh', 'ssh'].map(async (tool) => {
          const { stdout, stderr } = await runLocally([tool, tool === 'ssh' ? '-V' : '--version']);
          return [tool, (stdout || stderr).split('\n')[0]];
        }),
      ),
    );
    const facts = {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      versions,
      power: await providerOf(lab, runLocally).states(),
      state: await observe(shell, lab.machines),
    };
    const without = await collectReport(lab, archive, { shell, run: runLocally, facts });
    emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
    return without;
  });
  if (silent.length > 0) say(renderText(`Without ${silent.join(', ')}: no answer from there.`));
  say(`Written: ${archive}`);
  say(
    renderText(
      'Passwords and private keys are left out. Look into it before you give it away: host names and addresses are in it.',
    ),
  );
  return ExitCode.fine;
}
