import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emit } from '../events.ts';
import type { Runner } from '../run.ts';
import { type Lab, labFiles, labFolder, writeLab } from './lab.ts';
import { endMarked, endTimer } from './process.ts';
import { providerOf } from './providers/index.ts';
import { labToRemove } from './rescue.ts';
import { endConnections, sshShell } from './ssh.ts';
import { runningVagrant, runVagrant, vagrantError, waitForEarlierVagrant } from './vagrant.ts';
import { completeVagrantConfig } from './vagrant-config.ts';

export interface TearDownOptions {
  readonly run: Runner;
  readonly emit: Emit;
}

/** Seconds in which a machine shuts itself down, under emulation too. */
const shutdownWithin = 60;

/**
 * Powers the machines off; what is on their disks stays. Each shuts itself down, all at once; what
 * does not get there in time is left to Vagrant, which cuts its power in the end.
 */
export async function powerDown(lab: Lab, { run, emit }: TearDownOptions): Promise<void> {
  await waitForEarlierVagrant(lab, emit);
  const step = 'down';
  const started = performance.now();
  emit({ type: 'step-started', step, title: 'Shutting the machines down', estimateSeconds: 20 });
  const provider = providerOf(lab, run);
  if (existsSync(labFiles.sshConfig(lab))) {
    const shell = sshShell(lab, run);
    // The answer may be lost with the connection.
    await Promise.all(
      lab.machines.map(({ name }) => shell.runAsRoot(name, 'systemctl poweroff --no-block')),
    );
  }
  await closeConnections(lab, run);
  const isOff = async (): Promise<boolean> =>
    Object.values(await provider.states()).every((state) => state === 'off' || state === 'absent');
  while (!(await isOff()) && (performance.now() - started) / 1000 < shutdownWithin)
    await sleep(1000);
  completeVagrantConfig(lab);
  const args = ['halt'];
  const outcome = await runVagrant(lab, args, { log: 'vagrant-halt.log' });
  if (outcome.exitCode !== 0) {
    emit({ type: 'step-failed', step, text: 'failed' });
    throw vagrantError(
      lab,
      'The machines could not be shut down.',
      args,
      'vagrant-halt.log',
      outcome,
    );
  }
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

/** Removes a lab with all that belongs to it: machines, disks, switch, sockets, daemons, keys, progress. */
export async function destroy(name: string, { run, emit }: TearDownOptions): Promise<void> {
  const lab = labToRemove(name);
  const step = `destroy-${name}`;
  const started = performance.now();
  emit({ type: 'step-started', step, title: `Removing the lab "${name}"`, estimateSeconds: 10 });
  try {
    await removeMachines(lab, run);
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    throw error;
  }
  rmSync(labFolder(name), { recursive: true, force: true });
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

/** Removes the machines with their disks and checkpoints, and whatever ran for them; the lab stays on record, and bringUp makes new ones. */
export async function removeMachines(lab: Lab, run: Runner): Promise<void> {
  for (const fault of lab.record.standing) await endTimer(fault);
  // It works on the very machines that are to go.
  const vagrant = runningVagrant(lab);
  if (vagrant !== null) await endMarked(vagrant);
  await closeConnections(lab, run);
  const provider = providerOf(lab, run);
  if (existsSync(labFiles.vagrantState(lab)) && existsSync(labFiles.vagrantConfig(lab))) {
    await provider.prepare();
    completeVagrantConfig(lab);
    const args = ['destroy', '--force'];
    const outcome = await runVagrant(lab, args, { log: 'vagrant-destroy.log' });
    // A rootless lab's daemon and disks are all its own, so they can go even when Vagrant is at a loss.
    if (outcome.exitCode !== 0 && lab.record.provider !== 'rootless') {
      throw vagrantError(
        lab,
        `The machines of the lab "${lab.record.name}" could not be removed.`,
        args,
        'vagrant-destroy.log',
        outcome,
      );
    }
  }
  await provider.dispose();
  rmSync(labFiles.checkpoints(lab), { force: true });
  if (existsSync(labFiles.record(lab)))
    writeLab({ ...lab.record, fault: null, standing: [], checkpointing: null });
}

async function closeConnections(lab: Lab, run: Runner): Promise<void> {
  if (!existsSync(labFiles.sshConfig(lab))) return;
  await Promise.all(lab.machines.map(({ name }) => endConnections(lab, name, run)));
}
