import { HalabError } from '../../errors.ts';
import { describeFailure } from '../../local-runner.ts';
import type { CommandResult, Runner } from '../../run.ts';
import type { Lab } from '../lab.ts';
import { parseVagrantLine, vagrantCommand, vagrantEnvironment } from '../vagrant.ts';
import type { PowerState, Provider } from './provider.ts';

/**
 * A hypervisor that the user has set up for Vagrant (system libvirt, VirtualBox): everything goes
 * through Vagrant itself, which is slower and asks nothing of the hypervisor's own tools.
 */
export function vagrantOnlyProvider(lab: Lab, run: Runner): Provider {
  const vagrant = (...args: string[]): Promise<CommandResult> =>
    run(vagrantCommand(lab, args), { env: vagrantEnvironment(lab), timeout: 600_000 });
  const must = async (what: string, ...args: string[]): Promise<string> => {
    const result = await vagrant(...args);
    if (result.exitCode !== 0)
      throw new HalabError(what, { reason: describeFailure(result), next: 'halab doctor' });
    return result.stdout;
  };
  const snapshotsOf = async (machine: string): Promise<string[]> =>
    (
      await must(
        `The checkpoints of ${machine} cannot be listed.`,
        'snapshot',
        'list',
        machine,
        '--machine-readable',
      )
    )
      .split('\n')
      .map(parseVagrantLine)
      .filter((line) => line?.type === 'ui' && line.data[0] === 'detail')
      .map((line) => line?.data[1] ?? '')
      // Where there is none, a sentence says so.
      .filter((name) => /^\S+$/.test(name));
  return {
    agent: null,
    async states() {
      const lines = (await must('The machines cannot be listed.', 'status', '--machine-readable'))
        .split('\n')
        .map(parseVagrantLine)
        .filter((line) => line !== null && line.type === 'state');
      const words = new Map(lines.map((line) => [line?.target, line?.data[0]]));
      return Object.fromEntries(
        lab.machines.map(({ name }) => [name, powerState(words.get(name))]),
      );
    },
    isPrepared: () => true, // The hypervisor keeps its networks itself.
    async prepare() {
      // There is nothing to make.
    },
    async start(machine) {
      await must(`${machine} could not be started.`, 'up', '--no-provision', machine);
    },
    async powerOff(machine) {
      await must(`${machine} could not be powered off.`, 'halt', '--force', machine);
    },
    async pause(machine) {
      await must(`${machine} could not be paused.`, 'suspend', machine);
    },
    // Vagrant has no command for it.
    canUnplug: false,
    async plug(machine) {
      throw new Error(`nobody asks for the cable of ${machine} where it cannot be pulled`);
    },
    // Vagrant goes from machine to machine, and whether memory is saved is up to the hypervisor.
    checkpointHolds:
      'the disks of all machines, and memory where the hypervisor saves it; one machine after another',
    async saveCheckpoint(name) {
      await must('The machines could not be saved.', 'snapshot', 'save', '--force', name);
    },
    async restoreCheckpoint(name) {
      await must(
        'The machines could not be brought back.',
        'snapshot',
        'restore',
        '--no-provision',
        name,
      );
    },
    async deleteCheckpoint(name) {
      for (const { name: machine } of lab.machines) {
        if (!(await snapshotsOf(machine)).includes(name)) continue;
        await must(
          `The checkpoint "${name}" of ${machine} could not be deleted.`,
          'snapshot',
          'delete',
          machine,
          name,
        );
      }
    },
    async checkpoints() {
      const [first = [], ...others] = await Promise.all(
        lab.machines.map(({ name }) => snapshotsOf(name)),
      );
      return first.filter((name) => others.every((list) => list.includes(name)));
    },
    async checkpointBytes() {
      return null;
    },
    async resumePaused() {
      const found = await this.states();
      for (const { name } of lab.machines) {
        if (found[name] === 'paused')
          await must(`${name} could not be let run on.`, 'resume', name);
      }
    },
    async endStrays() {
      return []; // The hypervisor looks after its own.
    },
    async removeOrphans() {
      return []; // Nothing tells another's machine from ours here.
    },
    async dispose() {
      // Vagrant's destroy has removed all that there was.
    },
  };
}

/** Words of `vagrant status` (libvirt: running, shutoff, paused; VirtualBox: running, poweroff, saved, aborted). */
function powerState(word: string | undefined): PowerState {
  if (word === undefined || word === 'not_created') return 'absent';
  if (word === 'running' || word === 'paused') return word;
  return 'off';
}
