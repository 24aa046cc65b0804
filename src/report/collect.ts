import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { HalabError } from '../errors.ts';
import { type Lab, labFiles } from '../lab/lab.ts';
import type { Shell } from '../lab/machine.ts';
import { textOf } from '../lab/process.ts';
import { describeFailure } from '../local-runner.ts';
import { redact } from '../redact.ts';
import type { Runner } from '../run.ts';

/** What is asked of each machine; what fails says so in its place. */
const script = String.raw`
part() { printf '\n===== %s\n' "$*"; timeout 20 "$@" 2>&1 || printf '(exit code %d)\n' $?; }
part date --iso-8601=ns
part uptime
part uname -a
part df -h
part ps -eo pid,ppid,stat,etime,rss,args --width 200
part ip address
part cat /etc/hosts
part cat /etc/corosync/corosync.conf
part corosync-quorumtool -s
part crm_mon -1 --inactive --failcounts --show-detail
part cibadmin --query
part cat /proc/drbd
part cat /proc/mounts
part systemctl list-units --all --no-pager 'corosync*' 'pacemaker*' 'pcsd*' 'sbd*' 'drbd*' 'nfs*' 'apache2*' 'cups*'
part ls -la /var/lib/pacemaker/cores
part tail -n 2000 /var/log/pacemaker/pacemaker.log
part tail -n 1000 /var/log/corosync/corosync.log
part journalctl --boot --no-pager --lines 2000
`;

/**
 * The scheduler's newest inputs: the whole cluster as it was each time that something was decided. Pacemaker keeps them
 * compressed (Pacemaker Administration, "Troubleshooting"); here they come as text, so that secrets can be taken out.
 */
const schedulerScript = String.raw`
cd /var/lib/pacemaker/pengine 2> /dev/null || exit 0
ls --sort=time pe-*.bz2 2> /dev/null | head -n 40 | while read -r file; do
    printf '\n===== %s %s\n' "$file" "$(date --reference "$file" --iso-8601=seconds)"
    timeout 20 bunzip2 --stdout "$file" 2>&1
done
`;

/** The scheduler's inputs that the script above printed: crm_simulate reads each as it is (crm_simulate(8), --xml-file). */
export function schedulerInputs(text: string): { readonly file: string; readonly xml: string }[] {
  const parts = text.split(/^===== (pe-[a-z]+-\d+)\.bz2 (\S+)$/m).slice(1);
  return parts.flatMap((name, at) =>
    at % 3 === 0
      ? [
          {
            file: `${name}-at-${(parts[at + 1] ?? '').replaceAll(':', '')}.xml`,
            xml: (parts[at + 2] ?? '').trim(),
          },
        ]
      : [],
  );
}

/**
 * Collects what somebody needs who is to find out what went wrong in a lab: halab's own records and
 * logs, and each machine's cluster state and logs, without secrets, into one archive.
 * @returns names of the machines that did not answer.
 * @throws HalabError when the archive cannot be written.
 */
export async function collectReport(
  lab: Lab,
  archive: string,
  tools: { shell: Shell; run: Runner; facts: Readonly<Record<string, unknown>> },
): Promise<string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'halab-report-'));
  const name = basename(archive).replace(/\.tar\.gz$/, '');
  const folder = join(scratch, name);
  mkdirSync(folder);
  const put = (file: string, text: string): void =>
    writeFileSync(join(folder, file), redact(text), { mode: 0o600 });
  try {
    put('halab.json', `${JSON.stringify(tools.facts, null, 2)}\n`);
    for (const file of filesOf(lab)) {
      const text = textOf(file);
      put(basename(file), text ?? 'It could not be read.\n');
    }
    const silent = await Promise.all(
      lab.machines.map(async (machine) => {
        const answer = await tools.shell.runAsRoot(machine.name, script, { timeout: 180_000 });
        put(
          `${machine.name}.txt`,
          answer.reached ? answer.stdout : `No answer: ${answer.stderr}\n`,
        );
        if (!answer.reached) return [machine.name];
        if (machine.role !== 'node') return [];
        const decided = await tools.shell.runAsRoot(machine.name, schedulerScript, {
          timeout: 180_000,
        });
        const inputs = schedulerInputs(decided.stdout);
        if (inputs.length > 0) mkdirSync(join(folder, `${machine.name}-scheduler`));
        for (const { file, xml } of inputs)
          put(join(`${machine.name}-scheduler`, file), `${xml}\n`);
        return [];
      }),
    );
    const packed = await tools.run([
      'tar',
      '--create',
      '--gzip',
      '--file',
      archive,
      '--directory',
      scratch,
      name,
    ]);
    if (packed.exitCode !== 0) {
      throw new HalabError('The report could not be written.', {
        reason: describeFailure(packed),
        next: 'Name a file in another folder: halab report FILE',
      });
    }
    return silent.flat();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The lab's own records and logs; its keys are left out. */
function filesOf(lab: Lab): string[] {
  const log = labFiles.logs(lab);
  const logs = existsSync(log) ? readdirSync(log).filter((file) => file.endsWith('.log')) : [];
  const records = ['lab.json', 'lab.yaml', 'progress.json', 'checkpoints.json', 'known-hosts'];
  const own = readdirSync(lab.folder).filter(
    (file) => records.includes(file) || file.includes('.corrupt-'),
  );
  return [...own.map((file) => join(lab.folder, file)), ...logs.map((file) => join(log, file))];
}
