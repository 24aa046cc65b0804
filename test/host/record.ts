/**
 * Records what the doctor sees on this computer, for the tests:
 *
 *     npx jiti test/host/record.ts NAME [ROOT]
 *
 * With ROOT, programs run in that root file system (made with mmdebstrap, say), as root: so a bare
 * distribution is recorded without taking anything away from this computer.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Computer, readComputer } from '../../src/host/computer.ts';
import { type ExamineOptions, examine } from '../../src/host/examine.ts';
import { findKvm, type KvmResult } from '../../src/host/kvm.ts';
import { runLocally } from '../../src/local-runner.ts';
import type { CommandResult, Runner } from '../../src/run.ts';
import { type Answer, keyOf, recordedFolder } from './recording.ts';

const [name, root] = process.argv.slice(2);
if (name === undefined) throw new Error('usage: record.ts NAME [ROOT]');

const commands: Record<string, Answer> = {};
/** Makes ROOT the root of a mount namespace (user namespaces are refused behind a mere chroot) and runs the command there. */
const enter = `here=$PWD; mount --bind "$0" "$0" && cd "$0" && mount -t proc proc proc && mount --rbind /dev dev && mount --rbind /sys sys &&
  mount --rbind /tmp tmp && pivot_root . mnt && { cd "$here" 2>/dev/null || cd /; } && exec "$@"`;
const runThere: Runner = async (command, options) => {
  if (root === undefined) return runLocally(command, options);
  const result = await runLocally(
    ['unshare', '--mount', 'sh', '-c', enter, root, ...command],
    options,
  );
  const missing = result.exitCode === 127 && /exec: .*not found/.test(result.stderr);
  return missing ? { ...result, exitCode: null, stderr: `${command[0]}: no such program` } : result;
};
const record: Runner = async (command, options) => {
  const result: CommandResult = await runThere(command, options);
  const { exitCode, stdout, stderr, timedOut } = result;
  commands[keyOf(command)] = { exitCode, stdout, stderr, timedOut };
  return result;
};

const dataDir = mkdtempSync(join(tmpdir(), 'halab-record-'));
let computer: Computer | undefined;
let kvm: KvmResult = {
  usable: false,
  how: 'nothing was run',
  reason: 'there was no QEMU to try it with',
};
try {
  const look = (options: ExamineOptions): Computer => {
    const seen = readComputer(options);
    if (root === undefined) return seen;
    return {
      ...seen,
      osRelease: readFileSync(join(root, 'etc/os-release'), 'utf8'),
      debianKeyring: existsSync(join(root, 'usr/share/keyrings/debian-archive-keyring.gpg')),
    };
  };
  for (const provider of ['rootless', 'libvirt', 'virtualbox'] as const) {
    await examine(
      record,
      { provider, dataDir, machines: 3, runDir: '/tmp/halab-0/01234567', needBox: true },
      {
        computer: (options) => (computer = look(options)),
        kvm: async (options) => (kvm = await findKvm(options)),
      },
    );
  }
  // What the examination of an ordinary user, or of a computer that lacks something, asks besides.
  for (const command of [
    ['newuidmap'],
    ['mmdebstrap', '--unshare-helper', 'true'],
    ['vagrant', 'plugin', 'list'],
    ['virsh', '--version'],
    ['apt-get', '--simulate', 'install', 'apt'],
  ])
    await record(command);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
const sorted = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => a.localeCompare(b)));
// The boot's id is nobody's business.
const recording = { computer: { ...computer, bootId: 'recorded' }, kvm, commands: sorted };
writeFileSync(join(recordedFolder, `${name}.json`), `${JSON.stringify(recording, null, 2)}\n`);
