// `npm run bench -- check --json`: halab's speed as ratios, each pair of figures taken in one run.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { $, chalk } from 'zx';

$.verbose = false;
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    lab: { type: 'string', default: 'default' },
  },
});
const say = (text) => (values.json ? process.stderr : process.stdout).write(`${text}\n`);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const seconds = (all) => all.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ');

async function time(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function times(count, work) {
  const all = [];
  for (let turn = 0; turn < count; turn++) all.push(await time(work));
  return all;
}

/** One `vagrant ssh -c` for each fact that an observation reads on a machine. */
const facts = [
  'hostname',
  'date +%s.%N',
  'ip -j address',
  'cat /etc/hosts',
  'cat /proc/self/mounts',
  'cat /proc/fs/nfs/exports || true',
  'systemctl show corosync pacemaker pcsd apache2 nfs-server cups',
  'sudo corosync-quorumtool -s || true',
  'sudo cat /etc/corosync/corosync.conf || true',
  'sudo crm_mon --output-as=xml --inactive || true',
  'sudo cibadmin --query || true',
  'cat /proc/drbd || true',
];

const benches = {
  /** `halab reset` of all machines to a lesson's start against `vagrant snapshot restore` of the same machines. */
  async reset() {
    const { vagrantCommand, vagrantEnvironment } = await import('../dist/lab/vagrant.js');
    const { readLab } = await import('../dist/lab/lab.js');
    const lab = readLab(values.lab);
    const vagrant = (...args) =>
      $({
        env: { ...process.env, ...vagrantEnvironment(lab) },
        stdio: ['ignore', 'pipe', 'pipe'],
      })`${vagrantCommand(lab, args)}`;
    const reset = () => $`${process.execPath} ${main} --lab ${values.lab} --yes reset`;
    await reset(); // There is a checkpoint from then on.
    await vagrant('snapshot', 'save', '--force', 'bench');
    try {
      const own = [];
      const peer = [];
      // In turn, so that both meet the same noise.
      for (let turn = 0; turn < 3; turn++) {
        own.push(await time(reset));
        peer.push(await time(() => vagrant('snapshot', 'restore', '--no-provision', 'bench')));
      }
      say(`halab reset, until the cluster was seen to be whole: ${seconds(own)}`);
      say(`vagrant snapshot restore, until it returned: ${seconds(peer)}`);
      return median(peer) / median(own);
    } finally {
      await reset();
      await vagrant('snapshot', 'delete', 'bench');
    }
  },
  /** A warm `halab check` against the same facts by `vagrant ssh -c`. */
  async check() {
    const { vagrantCommand, vagrantEnvironment } = await import('../dist/lab/vagrant.js');
    const { readLab } = await import('../dist/lab/lab.js');
    const lab = readLab(values.lab);
    // A check that fails has done all its work too: exit code 1 is an answer, anything above is not.
    const check = async () => {
      const { exitCode } = await $({
        nothrow: true,
      })`${process.execPath} ${main} --lab ${values.lab} check --json`;
      if (exitCode > 1) throw new Error(`halab check ended with ${exitCode}: is the lab up?`);
    };
    await check(); // Opens the connections: a warm lab has them.
    const own = median(await times(5, check));
    say(`halab check, median of 5: ${(own / 1000).toFixed(2)} s`);
    let peer = 0;
    for (const { name } of lab.machines) {
      for (const fact of facts) {
        const command = vagrantCommand(lab, ['ssh', name, '-c', fact]);
        peer += await time(
          () =>
            $({
              env: { ...process.env, ...vagrantEnvironment(lab) },
              stdio: ['ignore', 'pipe', 'pipe'],
            })`${command}`,
        );
      }
    }
    say(
      `vagrant ssh -c, ${facts.length} facts on ${lab.machines.length} machines: ${(peer / 1000).toFixed(1)} s`,
    );
    return peer / own;
  },
  /** \`halab --version\` against \`node -e 0\`: how many times as long. */
  async version() {
    const own = median(await times(15, () => $`${process.execPath} ${main} --version`));
    const node = median(await times(15, () => $`${process.execPath} -e 0`));
    say(`halab --version ${own.toFixed(0)} ms, node -e 0 ${node.toFixed(0)} ms (medians of 15)`);
    return own / node;
  },
};

const [name = ''] = positionals;
const bench = benches[name];
if (bench === undefined) {
  console.error(
    `Which? npm run bench -- ${Object.keys(benches).join(' | ')} [--json] [--lab NAME]`,
  );
  process.exit(2);
}
const ratio = Math.round((await bench()) * 100) / 100;
console.log(values.json ? JSON.stringify({ ratio }) : chalk.bold(`ratio ${ratio}`));
