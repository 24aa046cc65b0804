// `npm run e2e:host -- debian13`: another distribution's userland as host of the lab, in a root of its
// own: from a clone through the set-up, the first lessons, DRBD, resets, drills and a crash to
// `destroy`, and a proof that nothing is left. Needs root, mmdebstrap, and a kernel with overlayfs.
//
//   --part PART   doctor: the set-up alone; quick: machines and the first lesson; lessons: the first three
//                 with drills and a reset; drbd: DRBD, a reset and a crash; all: everything (default)
//   --no-init     process 1 takes in no dead, as in a container without an init: doctor must tell it, and
//                 nothing may hang for minutes
//
// The root is kept in HALAB_CI_HOME (~/.cache/halab-ci) by the hash of its inputs, and used as the
// lower layer of an overlay: each run begins with a system just installed. A base box that is there
// (in HALAB_CI_HOME or HALAB_HOME) is used; else one is built inside, and kept.

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeProcess, endApart, enter, Failed, runInside } from './host/namespace.mjs';
import { copyIn, handNpmOn, keepBox, keptRoot, takeBox } from './host/root.mjs';

const distributions = ['debian13'];
const parts = ['doctor', 'quick', 'lessons', 'drbd', 'all'];
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string', default: 'all' },
    'no-init': { type: 'boolean', default: false },
  },
});
const distribution = positionals[0] ?? '';
if (
  !distributions.includes(distribution) ||
  positionals.length > 1 ||
  !parts.includes(options.part) ||
  (options['no-init'] && options.part !== 'all')
) {
  console.error(
    `Usage: npm run e2e:host -- ${distributions.join(' | ')} [--part ${parts.join(' | ')}] [--no-init]`,
  );
  process.exit(2);
}
if (process.getuid?.() !== 0) {
  console.error(
    `Another root is made and entered by root alone. This is user ${process.getuid?.()}.`,
  );
  process.exit(3);
}

const project = fileURLToPath(new URL('../../', import.meta.url));
const cache = process.env.HALAB_CI_HOME || join(homedir(), '.cache', 'halab-ci');
const homes = [cache, process.env.HALAB_HOME].filter((home) => home);
const clone = '/root/halab';
const labs = '/root/.local/share/halab/labs/*';
const minute = 60;

const started = performance.now();
const say = (text) =>
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s] ${text}`);

/** Runs a program of this computer. @throws Failed when it fails. */
function must(...command) {
  const [program, ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Failed(`\`${command.join(' ')}\` failed: ${error?.message ?? stderr.trim()}`);
}

// --- steps -------------------------------------------------------------------------------------------

let passed = 0;
const failures = [];

/** A step: counted, timed, told with what it returns. @returns whether it went well. */
async function step(title, work) {
  const from = performance.now();
  const seconds = () => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  try {
    const told = await work();
    passed += 1;
    say(`ok   ${title} (${seconds()})${told ? `: ${told}` : ''}`);
    return true;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    failures.push(title);
    say(`FAIL ${title} (${seconds()})\n${error.message.replaceAll(/^/gm, '       ')}`);
    return false;
  }
}

class Stopped extends Error {}

/** A step without which those after it make no sense. */
async function needed(title, work) {
  if (!(await step(title, work))) throw new Stopped();
}

/** Where the steps are done; set once the root is entered. */
let inside = null;

/**
 * Runs a line of shell inside and expects its exit code. Each has a limit: a hang is what must be found.
 * @returns what it said. @throws Failed with the end of it.
 */
async function run(line, { code: wanted = 0, limit = 2 * minute, says = null } = {}) {
  const from = performance.now();
  const { code, output } = await runInside(inside.pid, `cd ${clone} && ${line}`, {
    ...inside,
    limit,
  });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  appendFileSync(inside.log, `$ ${line}\n${output}\n(exit code ${code}, ${seconds} s)\n\n`);
  const wrong =
    code === 124 || code === 137
      ? `did not end within ${limit} s`
      : code !== wanted
        ? `ended with exit code ${code}, not ${wanted}`
        : says !== null && !says.test(output)
          ? `did not say ${says}`
          : null;
  if (wrong === null) return output;
  throw new Failed(`\`${line}\` ${wrong}:\n${output.trimEnd().split('\n').slice(-40).join('\n')}`);
}

const halab = (words, how) => run(`npm start --silent -- ${words}`, how);
/** A step of one command of halab's, of which nothing is told but how long it took. */
const quietly = (words, how) => async () => {
  await halab(words, how);
};
const find = (text, pattern) => pattern.exec(text)?.[0] ?? '';

async function setUp() {
  await needed('the certificates of this computer', async () => {
    await run('update-ca-certificates');
  });
  await needed('who is host', async () => {
    const told = await run(
      '. /etc/os-release; echo "$PRETTY_NAME $(cat /etc/debian_version), Node $(node --version), npm $(npm --version), process 1 is $(cat /proc/1/comm)"',
    );
    return told.trim();
  });
  await needed('npm start -- doctor, with npm ci and the build: says what is missing', async () => {
    const said = await halab('doctor', { code: 3, limit: 5 * minute, says: /apt-get install/ });
    return [...said.matchAll(/^✗ ([^:]+):/gm)].map(([, title]) => title).join(', ');
  });
  const ready = options['no-init']
    ? { code: 3, says: /nothing is lacking|still lacking/ }
    : { code: 0, says: /This computer can run a lab/ };
  await needed(
    'doctor --fix --yes',
    quietly('doctor --fix --yes', { ...ready, limit: 10 * minute }),
  );
  await step('versions', async () => {
    const told = await run(
      'echo "libvirt $(virsh --version), $(qemu-system-x86_64 --version | head -n 1), $(vagrant --version)"',
    );
    return told.trim();
  });
}

async function bringUp() {
  await needed('box build', async () => {
    await halab('box build', { limit: 20 * minute });
    if (!inside.hadBox) keepBox(inside.layer, inside.box, cache);
  });
  await needed('up --yes', quietly('up --yes', { limit: 10 * minute }));
  await step('three machines run', threeRun);
}

async function threeRun() {
  const { machines } = JSON.parse(await halab('status --json'));
  const running = machines.filter(({ power, answers }) => power === 'running' && answers);
  if (running.length !== 3) throw new Failed(`status says: ${JSON.stringify(machines)}`);
}

/** Plays a lesson as a learner does: learn, check (not yet), the solution, check; then its drills. */
async function lesson(id) {
  const found = JSON.parse(await halab('lessons --json')).find((one) => one.id === id);
  await needed(`learn ${id}`, quietly(`learn ${id}`, { limit: 3 * minute }));
  for (const task of found.tasks) {
    await needed(`${id}: ${task}: refused, solved, passed`, async () => {
      await halab(`check ${task} --lesson ${id}`, { code: 1, limit: 5 * minute });
      await halab(`solution ${task} --run --flavour crmsh`, { limit: 5 * minute });
      await halab(`check ${task} --lesson ${id}`, { limit: 8 * minute });
    });
  }
  for (const drill of found.drills) {
    await step(`${id}: drill ${drill}`, async () =>
      find(await halab(`drill ${drill} --lesson ${id}`, { limit: 8 * minute }), /Outage: [\d.]+ s/),
    );
  }
}

/** Everything is killed, as by a crash of the computer: only the disk is left. */
async function crash() {
  await step('all killed (-9), then up: the machines run', async () => {
    const killed = inside.others();
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    await halab('up --yes', { limit: 10 * minute });
    await threeRun();
    return `${killed.length} processes were killed`;
  });
}

async function takeDown() {
  await step('destroy --yes', quietly('destroy --yes', { limit: 5 * minute }));
  await step('nothing is left: no process, no folder in /tmp, no lab', async () => {
    const folders = await run(`ls -d /tmp/halab-* ${labs} 2>/dev/null; true`);
    const left = [...inside.others().map(describeProcess), folders.trim()];
    if (left.join('') !== '') throw new Failed(left.join('\n'));
  });
}

/** What each part does with the machines. */
const walks = {
  async quick() {
    await lesson('meet-your-machines');
  },
  async lessons() {
    await lesson('meet-your-machines');
    await lesson('first-cluster');
    await lesson('virtual-ip');
    await step('reset virtual-ip', quietly('reset virtual-ip --yes', { limit: 5 * minute }));
  },
  async drbd() {
    await needed(
      'reset drbd: its start is built',
      quietly('reset drbd --forget-later --yes', { limit: 20 * minute }),
    );
    await lesson('drbd');
    await step('reset drbd', quietly('reset drbd --yes', { limit: 5 * minute }));
    await crash();
  },
};

async function walk() {
  await setUp();
  if (options.part === 'doctor') return;
  await bringUp();
  if (options.part === 'all') {
    await walks.lessons();
    await walks.drbd();
  } else await walks[options.part]();
  await takeDown();
}

/**
 * Here libvirt waits 40 s for each QEMU that has ended, and answers nobody meanwhile: doctor must say
 * why, and nothing may begin that would hang.
 */
async function walkWithoutInit() {
  await setUp();
  await step('doctor names the process 1 that takes in no dead', async () => {
    const { findings } = JSON.parse(await halab('doctor --json', { code: 3 }));
    const named = findings.find(({ id, status }) => id === 'reaping' && status === 'missing');
    if (named === undefined) throw new Failed(JSON.stringify(findings, null, 2));
    return named.found;
  });
  await step('up --yes refuses, and says why', quietly('up --yes', { code: 3, says: /process 1/ }));
  await step('nothing runs', async () => {
    const found = inside.others().map(describeProcess);
    const living = found.filter((told) => !told.includes('zombie'));
    if (living.length > 0) throw new Failed(living.join('\n'));
    return `${found.length} dead were not taken in`;
  });
}

// --- from nothing to nothing ---------------------------------------------------------------------------

/** Runs that were killed leave their layer; its name tells whose it was. */
function removeOldLayers() {
  for (const entry of readdirSync('/var/tmp')) {
    const pid = /^halab-host-run-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join('/var/tmp', entry), { recursive: true });
  }
}

/** Makes the layer (the clone, the box, how npm gets its packages) and enters the root. */
async function moveIn(work) {
  let root = '';
  await needed(`a root of ${distribution}`, async () => {
    root = await keptRoot(join(cache, 'hosts'), distribution);
    return root;
  });
  const layer = join(work, 'upper');
  mkdirSync(join(layer, 'root'), { recursive: true });
  chmodSync(join(layer, 'root'), statSync(join(root, 'root')).mode & 0o777);
  copyIn(layer, '/etc/resolv.conf');
  const npm = handNpmOn(root, layer);
  let box = '';
  let hadBox = false;
  await needed('a fresh clone of HEAD', () => {
    must('git', 'clone', '--quiet', '--depth', '1', `file://${project}`, join(layer, clone));
    box = must('bash', join(layer, clone, 'vagrant/box/build.sh'), '--print-hash');
    hadBox = takeBox(layer, box, homes);
    return `${must('git', '-C', project, 'log', '-1', '--format=%h %s')}; its box ${hadBox ? 'is there' : 'is to be built'}`;
  });
  const init = options['no-init'] ? ['sleep', 'infinity'] : ['tini', '--', 'sleep', 'infinity'];
  const log = join(cache, `hosts-${distribution}${options['no-init'] ? '-no-init' : ''}.log`);
  rmSync(log, { force: true });
  inside = {
    ...(await enter({ root, work, init })),
    layer,
    box,
    hadBox,
    log,
    environment: {
      HOME: '/root',
      USER: 'root',
      SHELL: '/bin/bash',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      ...npm,
    },
  };
  say(`entered by pivot_root; all that is said inside: ${log}`);
}

async function moveOut(work) {
  await endApart();
  // The kernel takes a moment to end what a process 1 leaves.
  for (let waited = 0; waited < 50 && inside?.all().length > 0; waited += 1) await sleep(100);
  const left = inside?.all() ?? [];
  if (left.length > 0) failures.push(`left running: ${left.map(describeProcess).join('; ')}`);
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(work);
  if (mounted) failures.push(`left mounted: something below ${work}`);
  else rmSync(work, { recursive: true, force: true });
}

mkdirSync(cache, { recursive: true });
removeOldLayers();
const work = mkdtempSync(`/var/tmp/halab-host-run-${process.pid}-`);
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => {
    say(`${signal}: everything inside is ended`);
    void moveOut(work).finally(() => process.exit(code));
  });
}
try {
  await moveIn(work);
  await (options['no-init'] ? walkWithoutInit() : walk());
} catch (error) {
  if (error instanceof Failed) failures.push(error.message);
  else if (!(error instanceof Stopped)) throw error;
} finally {
  await moveOut(work);
}
console.log(`${passed} passed, ${failures.length} failed`);
for (const failure of failures) console.log(`  ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
