import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { Flavour } from '../course/lesson.ts';
import { accelerators } from '../lab/accelerator.ts';
import { packageVersion } from '../paths.ts';
import type { Session } from '../session/session.ts';
import { timesDocument } from './outages.ts';
import type { SmokeResult } from './results.ts';

/** Asks a node what runs on it: a line a fact, "name: value". A cluster that is not there yet has no token. */
export const softwareScript = `
. /etc/os-release && echo "system: $PRETTY_NAME"
echo "kernel: $(uname -r)"
dpkg-query --show --showformat='\${Package}: \${Version}\\n' pacemaker corosync drbd-utils resource-agents 2> /dev/null
sed -n 's/^version: \\([^ ]*\\).*/DRBD in the kernel: \\1/p' /proc/drbd 2> /dev/null
corosync-cmapctl -g runtime.config.totem.token 2> /dev/null | sed -n 's/.* = //p' | sed 's/^/token of Corosync in ms: /'
true
`;

/** What that script printed, in a line. */
export const softwareIn = (printed: string): string =>
  printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.replace(': ', ' '))
    .join(', ');

/**
 * Writes the outages of a smoke into the document on failover times; rows of other drills stay.
 * @throws the error of the file system.
 */
export async function writeTimes(
  file: string,
  { lab, course, shell }: Session,
  results: readonly SmokeResult[],
  flavour: Flavour,
): Promise<void> {
  const { accelerator, provider } = lab.record;
  const { name: node = '' } = lab.machines.find(({ role }) => role === 'node') ?? {};
  const { reached, stdout } = await shell.runAsRoot(node, softwareScript, { timeout: 30_000 });
  const measured = {
    at: new Date(),
    halab: packageVersion(),
    flavour,
    processor: cpus()[0]?.model ?? 'an unknown processor',
    cores: availableParallelism(),
    accelerator: accelerators[accelerator].title,
    provider,
    software: reached ? softwareIn(stdout) : `not known: ${node} did not answer`,
  };
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  const order = course.lessons.map(({ id }) => id);
  writeFileSync(file, timesDocument(results, measured, { before, order }));
}
