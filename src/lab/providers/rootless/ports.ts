import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HalabError } from '../../../errors.ts';
import { describeFailure } from '../../../local-runner.ts';
import type { Runner } from '../../../run.ts';
import type { Lab } from '../../lab.ts';
import { domainName, runVirsh } from '../libvirt.ts';

/**
 * Gives a machine that is off another loopback port for ssh, in its definition and in those that its
 * checkpoints hold.
 * @throws HalabError when libvirt does not take it.
 */
export async function changePort(
  lab: Lab,
  run: Runner,
  machine: string,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const domain = domainName(machine);
  const must = async (args: readonly string[]): Promise<string> => {
    const result = await runVirsh(lab, run, args);
    if (result.exitCode === 0) return result.stdout;
    throw new HalabError(`${machine} needs another ssh port and could not be given one.`, {
      reason: `Port ${from} is in use by another program. ${describeFailure(result)}`,
      next: 'End that program, then: halab up',
    });
  };
  const changed = (definition: string): string =>
    definition.replaceAll(`hostfwd=tcp:127.0.0.1:${from}-:22`, `hostfwd=tcp:127.0.0.1:${to}-:22`);
  // virsh cannot open a /dev/stdin that is a socket, as Node's pipes are.
  const file = join(lab.runFolder, `${machine}.xml`);
  const give = async (definition: string, ...args: readonly string[]): Promise<void> => {
    writeFileSync(file, changed(definition), { mode: 0o600 });
    await must(args);
    rmSync(file);
  };
  await give(await must(['dumpxml', '--inactive', domain]), 'define', file);
  const snapshots = await must(['snapshot-list', domain, '--name']);
  for (const snapshot of snapshots.split('\n').filter((line) => line.trim() !== '')) {
    const saved = await must(['snapshot-dumpxml', domain, snapshot, '--security-info']);
    await give(saved, 'snapshot-create', domain, file, '--redefine');
  }
}
