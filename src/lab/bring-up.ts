import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode, HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { assertGoesOn, interrupted } from '../interruption.ts';
import { describeFailure, pasteable } from '../local-runner.ts';
import type { Runner } from '../run.ts';
import { accelerators } from './accelerator.ts';
import { type Box, buildBox, isAdded, verifyBox, wantedBox } from './box.ts';
import { type Lab, type LabRecord, labFiles, writeLab } from './lab.ts';
import { freePorts, isFree } from './ports.ts';
import { providerOf } from './providers/index.ts';
import { changePort } from './providers/rootless/ports.ts';
import { endConnections, keyRefused, type SshAddresses, sshShell, writeSshConfig } from './ssh.ts';
import {
  runVagrant,
  type VagrantLine,
  type VagrantOutcome,
  vagrantCommand,
  vagrantEnvironment,
  vagrantError,
  waitForEarlierVagrant,
} from './vagrant.ts';
import { writeVagrantConfig } from './vagrant-config.ts';

export interface BringUpOptions {
  readonly run: Runner;
  readonly emit: Emit;
  readonly signal?: AbortSignal;
  /** Finds out how a rootless lab's machines can run, once the box of that name is there. */
  readonly findAccelerator: (boxName: string) => Promise<LabRecord['accelerator']>;
}

/**
 * Brings every machine of the lab up and set up to the end, from whatever state they are in: absent,
 * half made, powered off or running. Running it again after any interruption carries on.
 * @returns the lab with its record as it is now.
 * @throws HalabError when a machine cannot be brought up, or (exit 130) when it is asked to end.
 */
export async function bringUp(given: Lab, options: BringUpOptions): Promise<Lab> {
  try {
    return await allSteps(given, options);
  } catch (error) {
    // Ctrl-C in a terminal ends also the programs that are asked something: what they then lack is no failure.
    throw interruptedOr(options, error);
  }
}

async function allSteps(given: Lab, options: BringUpOptions): Promise<Lab> {
  const { emit, run } = options;
  const started = performance.now();
  let lab = given;
  const goOn = (): void => assertGoesOn(options.signal);
  await waitForEarlierVagrant(lab, emit, options.signal);
  const strays = await providerOf(lab, run).endStrays();
  if (strays.length > 0) {
    emit({
      type: 'note',
      text: `Powered off ${strays.join(', ')}: they ran on, and libvirt's files about them were gone.`,
    });
  }
  goOn();
  if (lab.record.provider === 'rootless') {
    const box = await boxFor(lab, options);
    lab = await withPorts(writeLab({ ...lab.record, box: lab.record.box || box.name }), run);
    writeVagrantConfig(lab);
    await makeKey(lab, run);
    await addBox(lab, box, options);
    goOn();
    if (!lab.record.complete) {
      lab = writeLab({ ...lab.record, accelerator: await options.findAccelerator(lab.record.box) });
      writeVagrantConfig(lab);
    }
    const { note } = accelerators[lab.record.accelerator];
    if (note !== null) emit({ type: 'note', text: note });
  } else {
    writeVagrantConfig(lab);
    await makeKey(lab, run);
  }
  goOn();
  const provider = providerOf(lab, run);
  await provider.prepare();
  goOn();
  const orphans = await provider.removeOrphans();
  if (orphans.length > 0)
    emit({
      type: 'note',
      text: `Removed what an interrupted bring-up had left of ${orphans.join(', ')}.`,
    });

  const before = await provider.states();
  const absent = lab.machines.filter(({ name }) => before[name] === 'absent');
  const off = lab.machines.filter(
    ({ name }) => before[name] === 'off' || before[name] === 'paused',
  );
  goOn();
  await Promise.all(off.map(({ name }) => provider.start(name)));
  goOn();
  if (absent.length > 0) {
    // A machine that is made anew has a new host key.
    if (absent.length === lab.machines.length) rmSync(labFiles.knownHosts(lab), { force: true });
    for (const { name } of absent) await forgetHostKey(lab, name, run);
    await vagrantUp(
      lab,
      absent.map(({ name }) => name),
      options,
    );
  }
  writeSshConfig(lab, await sshAddresses(lab, run));
  goOn();
  await waitForMachines(lab, options);
  goOn();
  await provisionTheRest(lab, options);
  goOn();
  lab = writeLab({ ...lab.record, complete: true });
  emit({
    type: 'note',
    text: `All ${lab.machines.length} machines are up (${Math.round((performance.now() - started) / 1000)} s).`,
  });
  return lab;
}

/** The lab with a free loopback port for each machine; ports that somebody else has taken meanwhile are changed. */
async function withPorts(lab: Lab, run: Runner): Promise<Lab> {
  const provider = providerOf(lab, run);
  const states = Object.keys(lab.record.ports).length === 0 ? {} : await provider.states();
  const wanting: string[] = [];
  for (const { name } of lab.machines) {
    const port = lab.record.ports[name];
    const ownUse = states[name] === 'running' || states[name] === 'paused';
    if (port === undefined || (!ownUse && !(await isFree(port)))) wanting.push(name);
  }
  if (wanting.length === 0) return lab;
  const found = await freePorts(wanting.length);
  const ports = {
    ...lab.record.ports,
    ...Object.fromEntries(wanting.map((name, index) => [name, found[index] ?? 0])),
  };
  for (const name of wanting) {
    const old = lab.record.ports[name];
    if (old !== undefined && states[name] === 'off')
      await changePort(lab, run, name, { from: old, to: ports[name] ?? 0 });
  }
  return writeLab({ ...lab.record, ports });
}

/** Gives machines that are off other ports for ssh where theirs were taken meanwhile: they could not be started. */
export async function assurePorts(lab: Lab, run: Runner): Promise<void> {
  if (lab.record.provider !== 'rootless') return;
  const assured = await withPorts(lab, run);
  if (assured === lab) return;
  writeVagrantConfig(assured);
  writeSshConfig(assured, await sshAddresses(assured, run));
}

/** The lab's own key. ECDSA, in the form that Vagrant's ssh library reads without further parts. */
async function makeKey(lab: Lab, run: Runner): Promise<void> {
  const file = labFiles.key(lab);
  if (existsSync(file) && existsSync(`${file}.pub`)) return;
  rmSync(file, { force: true });
  const result = await run([
    'ssh-keygen',
    '-q',
    '-t',
    'ecdsa',
    '-m',
    'PEM',
    '-N',
    '',
    '-C',
    `halab ${lab.record.name}`,
    '-f',
    file,
  ]);
  if (result.exitCode !== 0) {
    throw new HalabError("The lab's ssh key could not be made.", {
      reason: describeFailure(result),
      next: 'halab doctor',
    });
  }
}

/**
 * The box that the lab is or will be made from, built if need be.
 * @throws HalabError when a lab of another version of halab has lost its box.
 */
async function boxFor(lab: Lab, options: BringUpOptions): Promise<Pick<Box, 'name'>> {
  const wanted = await wantedBox(options.run);
  const { box: made } = lab.record;
  if (made === '' || made === wanted.name) {
    // What Vagrant has needs no building, nor the internet that a build needs.
    if (!isAdded(wanted)) await buildBox(wanted, options.emit, options);
    return wanted;
  }
  if (isAdded({ name: made })) return { name: made };
  throw new HalabError('The base box that this lab was made from is gone.', {
    reason: `It was ${made}, of another version of halab. This version makes ${wanted.name}.`,
    next: 'Make the lab anew (your progress goes with the old one): halab destroy, then halab up',
  });
}

async function addBox(
  lab: Lab,
  { name }: Pick<Box, 'name'>,
  options: BringUpOptions,
): Promise<void> {
  if (isAdded({ name })) return;
  const box = await wantedBox(options.run);
  const step = 'box-add';
  const started = performance.now();
  options.emit({
    type: 'step-started',
    step,
    title: 'Giving the box to Vagrant',
    estimateSeconds: 20,
  });
  try {
    await verifyBox(box, options.run);
  } catch (error) {
    options.emit({ type: 'step-failed', step, text: 'it is not the right one' });
    throw error;
  }
  const args = ['box', 'add', '--force', '--provider', 'libvirt', '--name', box.name, box.file];
  const outcome = await runVagrant(lab, args, { log: 'vagrant-box-add.log', ...signalOf(options) });
  if (outcome.exitCode !== 0) {
    options.emit({ type: 'step-failed', step, text: 'failed' });
    throw interruptedOr(
      options,
      vagrantError(lab, 'Vagrant did not take the box.', args, 'vagrant-box-add.log', outcome),
    );
  }
  options.emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

const signalOf = (options: BringUpOptions): { signal?: AbortSignal } =>
  options.signal === undefined ? {} : { signal: options.signal };

function interruptedOr(options: BringUpOptions, error: unknown): unknown {
  const said = error instanceof HalabError && error.exitCode === ExitCode.interrupted;
  return options.signal?.aborted === true && !said ? interrupted(error) : error;
}

/** What Vagrant's own messages mean to somebody who waits. */
const milestones: readonly [RegExp, string][] = [
  [/Uploading base box|Creating image/, 'copying the disk'],
  [/Creating domain/, 'making the machine'],
  [/Starting domain|Booting VM/, 'turning it on'],
  [/Waiting for (machine|domain)|Waiting for domain to get/, 'booting'],
  [/Machine booted and ready/, 'booted'],
  [/Running provisioner: packages/, 'installing packages'],
  [/Running provisioner/, 'setting it up'],
];

async function vagrantUp(
  lab: Lab,
  names: readonly string[],
  options: BringUpOptions,
): Promise<void> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  /** When Vagrant said of a machine that it is made. */
  const saidAfter = new Map<string, number>();
  const estimateSeconds = accelerators[lab.record.accelerator].makeSeconds;
  for (const name of names) {
    options.emit({ type: 'step-started', step: name, title: `Making ${name}`, estimateSeconds });
  }
  const onLine = ({ target, type, data }: VagrantLine): void => {
    if (!names.includes(target) || saidAfter.has(target)) return;
    if (type === 'ui') {
      const text = data.slice(1).join(',');
      const milestone = milestones.find(([pattern]) => pattern.test(text));
      if (milestone !== undefined)
        options.emit({ type: 'step-progress', step: target, text: milestone[1] });
    }
    if (type === 'action' && data[0] === 'up' && data[1] === 'end')
      saidAfter.set(target, seconds());
  };
  const args = ['up', '--no-destroy-on-error', ...names];
  const up = (): Promise<VagrantOutcome> =>
    runVagrant(lab, args, { log: 'vagrant-up.log', onLine, ...signalOf(options) });
  let outcome = await up();
  // Labs of one home share Vagrant's index of machines, and Vagrant does not wait for a lock on it. What is up
  // already is left alone by the next try.
  for (let tries = 0; tries < 3 && isLocked(outcome) && options.signal?.aborted !== true; tries++) {
    await sleep(5000);
    outcome = await up();
  }
  const missing =
    outcome.exitCode === 0
      ? await notThere(lab, names, options)
      : names.filter((name) => !saidAfter.has(name));
  const text = options.signal?.aborted === true ? 'interrupted' : 'failed';
  for (const step of names) {
    options.emit(
      missing.includes(step)
        ? { type: 'step-failed', step, text }
        : { type: 'step-done', step, seconds: saidAfter.get(step) ?? seconds() },
    );
  }
  if (outcome.exitCode !== 0) {
    const what = 'The machines could not all be brought up.';
    throw interruptedOr(options, vagrantError(lab, what, args, 'vagrant-up.log', outcome));
  }
  if (missing.length > 0) {
    const verb = missing.length === 1 ? 'does' : 'do';
    throw new HalabError(
      `Vagrant says that all is well, but ${missing.join(' and ')} ${verb} not run.`,
      {
        reason: `\`${pasteable(['vagrant', ...args])}\` ended with exit code 0. All that it said: ${join(labFiles.logs(lab), 'vagrant-up.log')}`,
        next: 'halab doctor, then the same command again: it carries on',
      },
    );
  }
}

/**
 * Those of the machines that are not there, or do not run. Vagrant is not believed: its exit code is 0 also where a
 * wrapper, a plugin or a trigger has kept it from making anything.
 */
async function notThere(
  lab: Lab,
  names: readonly string[],
  { run, signal }: BringUpOptions,
): Promise<string[]> {
  // Who was interrupted is not kept waiting for a word on what is there.
  if (signal?.aborted === true) return [...names];
  const states = await providerOf(lab, run).states();
  return names.filter((name) => states[name] !== 'running');
}

/** Whether vagrant ended because another one, of another lab, was looking at the same record. */
const isLocked = ({ exitCode, lines }: VagrantOutcome): boolean =>
  exitCode !== 0 &&
  lines.some(({ data }) => data.some((text) => text.includes('machine because it is locked')));

async function forgetHostKey(lab: Lab, machine: string, run: Runner): Promise<void> {
  if (existsSync(labFiles.sshConfig(lab))) await endConnections(lab, machine, run);
  if (!existsSync(labFiles.knownHosts(lab))) return;
  await run(['ssh-keygen', '-q', '-R', machine, '-f', labFiles.knownHosts(lab)]);
  rmSync(`${labFiles.knownHosts(lab)}.old`, { force: true });
}

/** Where ssh finds the machines: the lab's own ports, or what Vagrant says. */
async function sshAddresses(lab: Lab, run: Runner): Promise<SshAddresses> {
  if (lab.record.provider === 'rootless') {
    return Object.fromEntries(
      lab.machines.map(({ name }) => [
        name,
        { host: '127.0.0.1', port: lab.record.ports[name] ?? 0 },
      ]),
    );
  }
  const found: Record<string, { host: string; port: number }> = {};
  for (const { name } of lab.machines) {
    const result = await run(vagrantCommand(lab, ['ssh-config', name]), {
      env: vagrantEnvironment(lab),
      timeout: 60_000,
    });
    const host = /^\s*HostName (\S+)$/m.exec(result.stdout)?.[1];
    const port = /^\s*Port (\d+)$/m.exec(result.stdout)?.[1];
    if (host === undefined || port === undefined) {
      throw new HalabError(`Vagrant does not say how to reach ${name}.`, {
        reason: describeFailure(result),
        next: 'halab up',
      });
    }
    found[name] = { host, port: Number(port) };
  }
  return found;
}

/** Waits until every machine answers over ssh. */
async function waitForMachines(lab: Lab, options: BringUpOptions): Promise<void> {
  const shell = sshShell(lab, options.run);
  await Promise.all(
    lab.machines.map(async ({ name }) => {
      const started = performance.now();
      let said = false;
      for (;;) {
        const result = await shell.runAsRoot(name, 'true', { timeout: 15_000 });
        const seconds = (performance.now() - started) / 1000;
        // One that refuses the lab's key answers too: it is only not set up yet.
        if ((result.reached && result.exitCode === 0) || result.stderr === keyRefused) {
          if (said) options.emit({ type: 'step-done', step: `ssh-${name}`, seconds });
          return;
        }
        if (!said) {
          said = true;
          options.emit({
            type: 'step-started',
            step: `ssh-${name}`,
            title: `Waiting for ${name} to answer`,
            estimateSeconds: 45,
          });
        }
        if (options.signal?.aborted) throw interrupted();
        if (seconds > 300) {
          options.emit({ type: 'step-failed', step: `ssh-${name}`, text: result.stderr });
          throw new HalabError(`${name} runs, but does not answer over ssh within 5 minutes.`, {
            reason: result.stderr,
            next: `Make the lab anew: halab destroy --lab ${lab.record.name}, then halab up`,
          });
        }
        await sleep(1000);
      }
    }),
  );
}

/** Sets up the machines that an interrupted bring-up left without their name, address or key. */
async function provisionTheRest(lab: Lab, options: BringUpOptions): Promise<void> {
  const shell = sshShell(lab, options.run);
  const marks = await Promise.all(
    lab.machines.map(async ({ name }) => ({
      name,
      set: (await shell.runAsRoot(name, 'test -e /etc/halab/provisioned')).exitCode === 0,
    })),
  );
  const names = marks.filter(({ set }) => !set).map(({ name }) => name);
  if (names.length === 0) return;
  const started = performance.now();
  options.emit({
    type: 'step-started',
    step: 'provision',
    title: `Setting up ${names.join(', ')}`,
    estimateSeconds: 30,
  });
  const args = ['provision', ...names];
  const outcome = await runVagrant(lab, args, {
    log: 'vagrant-provision.log',
    ...signalOf(options),
  });
  if (outcome.exitCode !== 0) {
    options.emit({ type: 'step-failed', step: 'provision', text: 'failed' });
    throw interruptedOr(
      options,
      vagrantError(lab, 'A machine could not be set up.', args, 'vagrant-provision.log', outcome),
    );
  }
  options.emit({
    type: 'step-done',
    step: 'provision',
    seconds: (performance.now() - started) / 1000,
  });
}
