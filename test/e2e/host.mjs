// `npm run e2e:host -- debian13`: another distribution's userland as host of the lab, in a root of its
// own: from a clone through the set-up, the first lessons, DRBD, a reset and drills to `destroy`, and a
// proof that nothing is left. Needs root, mmdebstrap, and a kernel with overlayfs and namespaces.
//
//   --part doctor | quick | all   the set-up alone; with machines and the first lesson; everything (default)
//   --no-init                     process 1 takes in no dead, as in a container without an init: doctor must tell it
//
// The root is kept in HALAB_CI_HOME (~/.cache/halab-ci) by the hash of its inputs, and used as the
// lower layer of an overlay: each run begins with a system just installed. A base box that is there
// (HALAB_CI_HOME, HALAB_HOME) is used; else one is built inside, and kept.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const distributions = ['debian13'];
const parts = ['doctor', 'quick', 'all'];
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string', default: 'all' },
    'no-init': { type: 'boolean', default: false },
  },
});
const [distribution, ...excess] = positionals;
if (
  !distributions.includes(distribution) ||
  excess.length > 0 ||
  !parts.includes(options.part) ||
  (options['no-init'] && options.part !== 'all')
) {
  console.error(
    `Usage: npm run e2e:host -- ${distributions.join(' | ')} [--part ${parts.join(' | ')}] or [--no-init]`,
  );
  process.exit(2);
}
if (process.getuid?.() !== 0) {
  console.error('Making and entering another root takes root: sudo npm run e2e:host -- debian13');
  process.exit(3);
}

const here = fileURLToPath(new URL('host/', import.meta.url));
const project = fileURLToPath(new URL('../../', import.meta.url));
const cache = process.env.HALAB_CI_HOME || join(homedir(), '.cache', 'halab-ci');
const roots = join(cache, 'hosts');
const homes = [cache, process.env.HALAB_HOME].filter((home) => home);
/** Where halab keeps its data inside, and the clone. */
const dataInside = 'root/.local/share/halab';
const cloneInside = '/root/halab';

const started = performance.now();
const say = (text) =>
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s] ${text}`);

class Failed extends Error {}

/** Runs a program of this computer to its end. @throws Failed when it fails. */
function must(command, more = {}) {
  const [program, ...args] = command;
  const done = spawnSync(program, args, { encoding: 'utf8', ...more });
  if (done.status === 0) return done.stdout.trim();
  throw new Failed(
    `\`${command.join(' ')}\` failed: ${done.error?.message ?? `${done.stderr}${done.stdout}`.trim()}`,
  );
}

// --- the root and what lies over it ------------------------------------------------------------------

/** The kept root of that distribution; made when there is none from the same inputs. */
async function keptRoot() {
  const inputs = ['make-root.sh'].map((name) => readFileSync(join(here, name)));
  const hash = createHash('sha256').update(distribution);
  for (const input of inputs) hash.update(input);
  const name = `${distribution}-${hash.digest('hex').slice(0, 12)}`;
  const root = join(roots, name);
  if (existsSync(root)) return root;
  mkdirSync(roots, { recursive: true });
  // Roots of older inputs, and what an interrupted run has left of one.
  for (const old of readdirSync(roots).filter((entry) => entry.startsWith(`${distribution}-`)))
    rmSync(join(roots, old), { recursive: true });
  const partial = `${root}.partial`;
  const maker = namespaces('--mount-proc', join(here, 'make-root.sh'), distribution, partial);
  const said = collect(maker);
  const code = await new Promise((resolve) => maker.once('exit', resolve));
  if (code !== 0) throw new Failed(`The root could not be made:\n${said()}`);
  renameSync(partial, root);
  return root;
}

/**
 * Starts a program as process 1 of namespaces of its own. All that runs or is mounted there ends with
 * it, and it ends with this program, even by kill -9.
 */
const namespaces = (...command) =>
  spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child'],
      ...command,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );

/** All that a program says from now on, on both streams. */
function collect(child) {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data;
    });
  return () => said;
}

/** A file of this computer that must be at the same place inside. */
function copyIn(upper, file) {
  if (!existsSync(file)) return;
  mkdirSync(dirname(join(upper, file)), { recursive: true });
  copyFileSync(file, join(upper, file));
}

/**
 * How npm reaches its registry from here: the user's own settings and certificates, handed on as they
 * are. Returns the environment for it.
 */
function handNpmOn(root, upper) {
  const asked = (name) => {
    const value = spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim();
    return ['', 'null', 'undefined'].includes(value) ? null : value;
  };
  const environment = {};
  for (const name of ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy']) {
    const value = asked(name);
    if (value !== null) environment[`npm_config_${name.replace('-', '_')}`] = value;
  }
  for (const name of ['NODE_EXTRA_CA_CERTS', 'http_proxy', 'https_proxy', 'no_proxy'])
    if (process.env[name]) environment[name] = process.env[name];
  for (const file of [environment.npm_config_cafile, environment.NODE_EXTRA_CA_CERTS])
    if (file !== undefined && !existsSync(join(root, file))) copyIn(upper, file);
  const settings = asked('userconfig');
  if (settings !== null && existsSync(settings)) {
    copyFileSync(settings, join(upper, 'root/.npmrc'));
    chmodSync(join(upper, 'root/.npmrc'), 0o600);
  }
  // Certificates that this computer trusts besides those of its distribution.
  const own = '/usr/local/share/ca-certificates';
  if (existsSync(own)) cpSync(own, join(upper, own), { recursive: true });
  return environment;
}

/** The base box that this clone wants, from a home that has it; null when none has. */
function boxFromHome(upper, hash) {
  const file = join('boxes', hash, 'halab-debian13.box');
  const from = homes.map((home) => join(home, file)).find((box) => existsSync(box));
  if (from === undefined) return null;
  const to = join(upper, dataInside, file);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  return from;
}

/** Keeps a box that was built inside for the next run. */
function keepBox(upper, hash) {
  const kept = join(cache, 'boxes', hash);
  const made = join(upper, dataInside, 'boxes', hash);
  if (existsSync(join(kept, 'halab-debian13.box')) || !existsSync(made)) return;
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(dirname(kept), { recursive: true });
  cpSync(made, kept, { recursive: true });
}

// --- the namespaces ----------------------------------------------------------------------------------

const childrenOf = (pid) =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const status = readFileSync(`/proc/${entry}/stat`, 'utf8');
        return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);

/** Enters the root. */
async function enter(root, work) {
  const init = options['no-init'] ? ['sleep', 'infinity'] : ['tini', '--', 'sleep', 'infinity'];
  const unshare = namespaces(join(here, 'enter.sh'), root, work, ...init);
  const said = collect(unshare);
  await new Promise((resolve, reject) => {
    unshare.stdout.on('data', () => {
      if (/^entered$/m.test(said())) resolve();
    });
    unshare.once('exit', () => reject(new Failed(`The root could not be entered: ${said()}`)));
  });
  const [pid] = childrenOf(unshare.pid);
  if (pid === undefined) throw new Failed('The root has no process 1.');
  return {
    pid,
    namespace: readlinkSync(`/proc/${pid}/ns/pid`),
    unshare,
  };
}

/** Processes of this computer that are in a process namespace. */
const processesIn = (namespace) =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        return readlinkSync(`/proc/${entry}/ns/pid`) === namespace;
      } catch {
        return false;
      }
    });

/** Ids of all that runs inside, the dead that nobody has taken in too, but for process 1 and its one child. */
function others() {
  return processesIn(inside.namespace)
    .map(Number)
    .filter((pid) => pid !== inside.pid && !isIdle(pid));
}

/** Process 1's own child, which keeps it waiting. */
const isIdle = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\0infinity\0';

async function leave({ namespace, unshare, pid }) {
  const gone = new Promise((resolve) => unshare.once('exit', resolve));
  if (unshare.exitCode === null && unshare.signalCode === null) {
    process.kill(pid, 'SIGKILL');
    await gone;
  }
  return processesIn(namespace);
}

// --- the steps ---------------------------------------------------------------------------------------

let inside = null;
let passed = 0;
const failures = [];
/** How long a step took is what tells of a hang; so each has a limit. */
const minute = 60;

/** Runs a line of shell in the root, at most so many seconds. */
async function run(line, { limit = 2 * minute } = {}) {
  const from = performance.now();
  const child = spawn(
    'nsenter',
    [
      ...['--target', String(inside.pid), '--mount', '--pid', '--wdns=/'],
      ...[
        'env',
        '-i',
        ...Object.entries(inside.environment).map(([key, value]) => `${key}=${value}`),
      ],
      ...['timeout', '--kill-after=10', String(limit), 'bash', '-c'],
      `if [ -d ${cloneInside} ]; then cd ${cloneInside}; fi; ${line}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said = collect(child);
  // Not 'close': what halab leaves running may hold the pipes.
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const seconds = (performance.now() - from) / 1000;
  const output = said();
  appendFileSync(inside.log, `$ ${line}\n${output}\n(exit ${code}, ${seconds.toFixed(1)} s)\n\n`);
  return { code, output, seconds };
}

/** Runs a line and expects its exit code. @throws Failed with the end of what it said. */
async function expectRun(line, { code: wanted = 0, limit = 2 * minute, says = null } = {}) {
  const { code, output } = await run(line, { limit });
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

/** A step: counted, timed, told. What it returns is told as well. */
async function step(title, work) {
  const from = performance.now();
  try {
    const told = await work();
    passed += 1;
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    say(`ok   ${title} (${seconds} s)${told ? `: ${told}` : ''}`);
    return true;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    failures.push(title);
    say(`FAIL ${title}\n${error.message.replaceAll(/^/gm, '       ')}`);
    return false;
  }
}

/** A step without which the others make no sense. */
async function needed(title, work) {
  if (!(await step(title, work))) throw new Failed(`stopped: ${title}`);
}

const halab = (words, how) => expectRun(`npm start --silent -- ${words}`, how);
const firstLine = (text, pattern) => pattern.exec(text)?.[0]?.trim() ?? '';

async function setUp() {
  await needed('Certificates of this computer', () =>
    expectRun('update-ca-certificates').then(() => ''),
  );
  await needed('Who is host', async () =>
    (
      await expectRun(
        '. /etc/os-release; echo "$PRETTY_NAME $(cat /etc/debian_version), node $(node --version), npm $(npm --version), process 1: $(cat /proc/1/comm)"',
      )
    ).trim(),
  );
  await needed('doctor: says what is missing, with packages to install', async () => {
    const said = await halab('doctor', { code: 3, limit: 5 * minute, says: /apt-get install/ });
    return [...said.matchAll(/^✗ ([^:]+):/gm)].map(([, title]) => title).join(', ');
  });
  await needed('doctor --fix --yes', async () => {
    const said = await halab('doctor --fix --yes', {
      limit: 10 * minute,
      says: /This computer can run a lab/,
    });
    appendFileSync(inside.log, said);
  });
  await step('Versions', async () => {
    const said = await expectRun(
      'echo "libvirt $(virsh --version), $(qemu-system-x86_64 --version | head -n 1), $(vagrant --version)"',
    );
    return said.trim();
  });
}

async function bringUp() {
  await needed('box build', async () => {
    await halab('box build', { limit: 20 * minute });
    keepBox(inside.upper, inside.box);
  });
  await needed('up --yes: three machines', () =>
    halab('up --yes', { limit: 10 * minute }).then(() => ''),
  );
  await step('status: three machines run', threeRun);
}

async function threeRun() {
  const { machines } = JSON.parse(await halab('status --json'));
  const running = JSON.stringify(machines).match(/"running"/g)?.length ?? 0;
  if (running !== 3) throw new Failed(`status says: ${JSON.stringify(machines)}`);
}

/** Plays a lesson as a learner does: learn, check (not yet), the solution, check. */
async function lesson(id, { drills = null } = {}) {
  const course = JSON.parse(await halab('lessons --json'));
  const found = course.find((one) => one.id === id);
  await needed(`learn ${id}`, () => halab(`learn ${id}`, { limit: 3 * minute }).then(() => ''));
  for (const task of found.tasks) {
    await needed(`${id}: ${task} is refused, solved, passed`, async () => {
      await halab(`check ${task} --lesson ${id}`, { code: 1, limit: 4 * minute });
      await halab(`solution ${task} --run --flavour crmsh`, { limit: 5 * minute });
      await halab(`check ${task} --lesson ${id}`, { limit: 6 * minute });
    });
  }
  for (const drill of drills ?? found.drills) {
    await step(`${id}: drill ${drill}`, async () =>
      firstLine(
        await halab(`drill ${drill} --lesson ${id}`, { limit: 8 * minute }),
        /Outage: [\d.]+ s/,
      ),
    );
  }
}

/** Everything that halab has started is killed, as by a crash of the computer; only the disk is left. */
async function crash() {
  await step('Everything killed (-9), then up: the machines are there again', async () => {
    for (const pid of others()) process.kill(pid, 'SIGKILL');
    await halab('up --yes', { limit: 10 * minute });
    await threeRun();
  });
}

async function takeDown() {
  await step('destroy --yes', () => halab('destroy --yes', { limit: 5 * minute }).then(() => ''));
  await step('Nothing is left: no process, no folder in /tmp, no lab', async () => {
    const processes = others().map((pid) => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return [/^Name:.*/m, /^State:.*/m, /^PPid:.*/m]
        .map((line) => firstLine(status, line))
        .join(' ');
    });
    const folders = await expectRun(`ls -d /tmp/halab-* /${dataInside}/labs/* 2>/dev/null; true`);
    const left = [...processes, folders.trim()].filter((line) => line !== '');
    if (left.length > 0) throw new Failed(left.join('\n'));
  });
}

async function wholeWalk() {
  await setUp();
  if (options.part === 'doctor') return;
  await bringUp();
  await lesson('meet-your-machines');
  if (options.part === 'all') {
    await lesson('first-cluster');
    await lesson('virtual-ip');
    await step('reset virtual-ip', () =>
      halab('reset virtual-ip', { limit: 5 * minute }).then(() => ''),
    );
    await needed('reset drbd: builds its start', () =>
      halab('reset drbd --forget-later', { limit: 20 * minute }).then(() => ''),
    );
    await lesson('drbd');
    await step('reset drbd', () => halab('reset drbd', { limit: 5 * minute }).then(() => ''));
    await crash();
  }
  await takeDown();
}

/** Process 1 takes in no dead: doctor must say so, and nothing may hang for minutes. */
async function walkWithoutInit() {
  await setUp();
  await step('doctor names the process 1 that takes in no dead', async () =>
    firstLine(
      await run('npm start --silent -- doctor').then(({ output }) => {
        if (!/init|reap|zombie/i.test(output)) throw new Failed(`doctor says:\n${output}`);
        return output;
      }),
      /^.*(?:--init|reap|zombie).*$/im,
    ),
  );
  await bringUp();
  await step('fault power-off node1', () => halab('fault power-off node1').then(() => ''));
  await step('fault --undo', () => halab('fault --undo').then(() => ''));
  await takeDown();
}

// --- all of it ---------------------------------------------------------------------------------------

mkdirSync(cache, { recursive: true });
// What runs that were killed have left: each names its process.
for (const entry of readdirSync('/var/tmp').filter((name) => name.startsWith('halab-host-run-'))) {
  const pid = Number(entry.split('-')[3]);
  if (!existsSync(`/proc/${pid}`)) rmSync(join('/var/tmp', entry), { recursive: true });
}
const work = mkdtempSync(`/var/tmp/halab-host-run-${process.pid}-`);

async function cleanUp() {
  if (inside !== null) {
    const left = await leave(inside);
    if (left.length > 0) failures.push(`processes are left: ${left.join(' ')}`);
  }
  if (readFileSync('/proc/self/mountinfo', 'utf8').includes(work))
    failures.push(`something is mounted below ${work}`);
  else rmSync(work, { recursive: true, force: true });
}

for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => {
    say(`${signal}: everything inside is ended`);
    void cleanUp().finally(() => process.exit(code));
  });
}

try {
  let root = '';
  await needed(`${distribution}: a root of its own`, async () => {
    const from = performance.now();
    root = await keptRoot();
    return `${root}${performance.now() - from < 1000 ? ' (kept)' : ''}`;
  });
  const upper = join(work, 'upper');
  mkdirSync(join(upper, 'root'), { recursive: true });
  chmodSync(join(upper, 'root'), statSync(join(root, 'root')).mode & 0o777);
  const npm = handNpmOn(root, upper);
  copyIn(upper, '/etc/resolv.conf');
  await needed('A fresh clone of HEAD, and the base box', () => {
    must([
      'git',
      'clone',
      '--quiet',
      '--depth',
      '1',
      `file://${project}`,
      join(upper, cloneInside),
    ]);
    const box = must(['bash', join(upper, cloneInside, 'vagrant/box/build.sh'), '--print-hash']);
    const from = boxFromHome(upper, box);
    inside = { upper, box };
    return `${must(['git', '-C', project, 'log', '-1', '--format=%h %s'])}; ${from === null ? 'no box yet: it is built inside' : `box ${box.slice(0, 12)}`}`;
  });
  const log = join(cache, `hosts-${distribution}.log`);
  rmSync(log, { force: true });
  const { upper: over, box } = inside;
  inside = null;
  const entered = await enter(root, work);
  inside = {
    ...entered,
    upper: over,
    box,
    log,
    environment: {
      HOME: '/root',
      USER: 'root',
      LOGNAME: 'root',
      SHELL: '/bin/bash',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      ...npm,
    },
  };
  say(`entered by pivot_root; all that is said inside: ${log}`);
  await (options['no-init'] ? walkWithoutInit() : wholeWalk());
} catch (error) {
  if (!(error instanceof Failed)) throw error;
  if (!error.message.startsWith('stopped: ')) failures.push(error.message);
  say(error.message);
} finally {
  await cleanUp();
}
console.log(`${passed} passed, ${failures.length} failed`);
for (const failure of failures) console.log(`  failed: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
