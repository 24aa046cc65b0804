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
  return {
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
    async prepare() {
      // The hypervisor keeps its networks itself.
    },
    async start(machine) {
      await must(`${machine} could not be started.`, 'up', '--no-provision', machine);
    },
    async powerOff(machine) {
      await must(`${machine} could not be powered off.`, 'halt', '--force', machine);
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
