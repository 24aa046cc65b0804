import { ExitCode } from '../errors.ts';
import { type Finding, isBlocking } from '../host/findings.ts';
import { imaginaryLab, labExists, type ProviderName, readLab } from '../lab/lab.ts';
import { renderFindings } from '../terminal/report.ts';
import { type GlobalOptions, interruption, labName, say, sayJson } from './context.ts';
import { agreeTo, mend, readiness } from './make-ready.ts';
import { withProgress } from './with-progress.ts';

/** Shows what this computer has and lacks, and mends it on consent. Exit code 3 when something is missing at the end. */
export async function doctor(
  global: GlobalOptions,
  options: { fix: boolean; provider: ProviderName; json: boolean },
): Promise<ExitCode> {
  const signal = interruption();
  const name = labName(global);
  const lab = labExists(name) ? readLab(name) : imaginaryLab(name, { provider: options.provider });
  const found = await readiness(lab);
  let findings: readonly Finding[] = found.findings;
  if (!options.json) say(renderFindings(findings));
  if (options.fix && findings.some(isBlocking)) {
    for (const text of found.plan.manual) say(`\n${text}`);
    if (found.sentence !== null && (global.yes || (await agreeTo(found.sentence)))) {
      findings = await withProgress(options.json, (emit) => mend(lab, found.plan, emit, signal));
      if (!options.json) say(`\n${renderFindings(findings)}`);
    }
  }
  const ready = !findings.some(isBlocking);
  if (options.json) sayJson({ ready, findings });
  else if (ready) say('\nThis computer can run a lab. Start: halab');
  else if (!options.fix) say('\nMend it: halab doctor --fix');
  return ready ? ExitCode.fine : ExitCode.broken;
}
