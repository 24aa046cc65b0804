import { observe } from '../cluster/observe.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import { readVitals } from '../diagnosis/vitals.ts';
import { ExitCode } from '../errors.ts';
import { type Finding, isBlocking } from '../host/findings.ts';
import { imaginaryLab, type Lab, labExists, type ProviderName, readLab } from '../lab/lab.ts';
import { providerOf } from '../lab/providers/index.ts';
import { sshShell } from '../lab/ssh.ts';
import { runLocally } from '../local-runner.ts';
import { renderFindings } from '../terminal/report.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';
import { interruption } from './interruption.ts';
import { agreeTo, mend, readiness } from './make-ready.ts';
import { usualProvider } from './up.ts';
import { withProgress } from './with-progress.ts';

/**
 * Shows what this computer has and lacks, and mends it on consent; where there is a lab, also what is
 * wrong with its machines and its cluster. Exit code 3 when this computer lacks something at the end.
 */
export async function doctor(
  global: GlobalOptions,
  options: { fix: boolean; provider?: ProviderName; json: boolean },
): Promise<ExitCode> {
  const signal = interruption();
  const name = labName(global);
  const lab = labToLookAt(name, options.provider);
  const found = await readiness(lab, signal);
  let findings: readonly Finding[] = found.findings;
  if (!options.json) say(renderFindings(findings));
  if (options.fix && findings.some(isBlocking)) {
    if (!options.json) for (const text of found.plan.manual) say(`\n${text}`);
    if (found.sentence !== null && (global.yes || (await agreeTo(found.sentence)))) {
      findings = await withProgress(options.json, (emit) => mend(lab, found.plan, emit, signal));
      if (!options.json) say(`\n${renderFindings(findings)}`);
    }
  }
  const ready = !findings.some(isBlocking);
  const ofLab = ready && lab.record.complete ? await diagnosisOf(lab) : [];
  if (!options.json && ofLab.length > 0) say(`\nThe lab "${name}":\n${renderFindings(ofLab)}`);
  if (options.json) sayJson({ ready, findings, lab: ofLab });
  else if (ready) say(`\nThis computer can run a lab. Start: ${startOf(lab)}`);
  else if (!options.fix)
    say(`\nMend it: ${['halab doctor --fix', ...providerOption(options.provider)].join(' ')}`);
  return ready ? ExitCode.fine : ExitCode.broken;
}

/** The lab, or one that there is not yet; one of another provider when that is asked for. */
function labToLookAt(name: string, provider: ProviderName | undefined): Lab {
  const lab = labExists(name) ? readLab(name) : null;
  if (lab !== null && (provider === undefined || provider === lab.record.provider)) return lab;
  return imaginaryLab(name, { provider: provider ?? usualProvider() });
}

const providerOption = (provider: ProviderName | undefined): string[] =>
  provider === undefined || provider === usualProvider() ? [] : [`--provider ${provider}`];

/** What starts such a lab: the guided course, once the lab's provider is known or the usual one. */
const startOf = ({ record }: Lab): string =>
  (labExists(record.name) && readLab(record.name).record.provider === record.provider) ||
  record.provider === usualProvider()
    ? 'halab'
    : `halab up --provider ${record.provider}`;

/** What is wrong with a lab. Mends nothing. */
async function diagnosisOf(lab: Lab): Promise<Finding[]> {
  const shell = sshShell(lab, runLocally);
  const [power, state, vitals] = await Promise.all([
    providerOf(lab, runLocally).states(),
    observe(shell, lab.machines),
    readVitals(shell, lab.machines),
  ]);
  return diagnose({ machines: lab.machines, power, state, vitals });
}
