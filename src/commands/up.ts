import { existsSync } from 'node:fs';
import { ExitCode, HalabError } from '../errors.ts';
import { bringUp } from '../lab/bring-up.ts';
import {
  changeLab,
  type Lab,
  type LabRecord,
  labExists,
  labFiles,
  newRecord,
  type ProviderName,
  readLab,
  writeLab,
} from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { networkFor } from '../lab/network.ts';
import { runLocally } from '../local-runner.ts';
import { openSession } from '../session/open.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';
import { interruption } from './interruption.ts';
import { findAccelerator, makeReady } from './make-ready.ts';
import { withProgress } from './with-progress.ts';

interface UpOptions {
  readonly machines?: '2' | '3';
  readonly provider?: ProviderName;
  readonly memory?: number;
  readonly cpus?: number;
  readonly json: boolean;
}

export async function up(global: GlobalOptions, options: UpOptions): Promise<ExitCode> {
  const signal = interruption();
  const name = labName(global);
  const lab = await withProgress(options.json, (emit) =>
    withLock(name, 'bringing the machines up', async () => {
      const made = labToBringUp(name, options);
      await makeReady(made, { yes: global.yes, emit, signal });
      return bringUp(made, { run: runLocally, emit, signal, findAccelerator });
    }),
  );
  // Puts back what a drill that was killed had broken.
  await withProgress(options.json, (emit) => openSession(name, emit));
  if (options.json) sayJson({ lab: name, machines: lab.machines, provider: lab.record.provider });
  else say('Log in: halab shell node1. Learn: halab');
  return ExitCode.fine;
}

/** Where machines run unless somebody says otherwise. */
export const usualProvider = (): ProviderName =>
  process.platform === 'linux' ? 'rootless' : 'virtualbox';

/**
 * The lab as it is, or a new one by the options.
 * @throws HalabError when the lab has machines of another kind than is asked for.
 */
export function labToBringUp(name: string, options: Partial<UpOptions>): Lab {
  if (labExists(name)) return withProvider(readLab(name), options.provider);
  const provider = options.provider ?? usualProvider();
  const choices: Partial<LabRecord> = {
    provider,
    network: networkFor(name, provider),
    machineCount: options.machines === '2' ? 2 : 3,
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
  };
  return writeLab(newRecord(name, choices));
}

/** The lab with that provider: as long as nothing was made, say since this computer cannot run the first choice, it may change. */
function withProvider(lab: Lab, provider: ProviderName | undefined): Lab {
  const { record } = lab;
  if (provider === undefined || provider === record.provider) return lab;
  if (!record.complete && !existsSync(labFiles.vagrantState(lab)))
    return changeLab(lab, { provider, network: networkFor(record.name, provider) });
  throw new HalabError(`The lab "${record.name}" has machines of the kind "${record.provider}".`, {
    reason: 'A lab keeps the kind of machines that it was made with.',
    next: 'halab destroy',
  });
}
