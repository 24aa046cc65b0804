import { ExitCode } from '../errors.ts';
import { bringUp } from '../lab/bring-up.ts';
import {
  type Lab,
  type LabRecord,
  labExists,
  newRecord,
  type ProviderName,
  readLab,
  writeLab,
} from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { runLocally } from '../local-runner.ts';
import { openSession } from '../session/session.ts';
import { type GlobalOptions, interruption, labName, say, sayJson } from './context.ts';
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

/** The lab as it is, or a new one by the options. */
export function labToBringUp(name: string, options: Partial<UpOptions>): Lab {
  if (labExists(name)) return readLab(name);
  const provider = options.provider ?? (process.platform === 'linux' ? 'rootless' : 'virtualbox');
  const choices: Partial<LabRecord> = {
    provider,
    machineCount: options.machines === '2' ? 2 : 3,
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
  };
  return writeLab(newRecord(name, choices));
}
