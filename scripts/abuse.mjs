// `npm run abuse -- --seed N --minutes M`: does random, repeatable harm to a lab of its own, and to
// halab itself, and audits the cluster after every step. Stops at the first broken audit with a
// report. The same seed makes the same choices; what they meet depends on time.
// `--plan resets` resets 20 times, ten of them in the middle of a failover; `--plan kills` kills
// halab 20 times (-9) in up, reset and drill. Both take as long as they take. `--keep` leaves the lab
// in the end, and begins with the one that another run has left.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { audit } from '../dist/audit/audit.js';
import { observe } from '../dist/cluster/observe.js';
import { settlingReason } from '../dist/cluster/settling.js';
import { faultKind, faultNames } from '../dist/faults/kinds.js';
import { labExists, readLab } from '../dist/lab/lab.js';
import { commandLine, ownProcesses } from '../dist/lab/process.js';
import { sshShell } from '../dist/lab/ssh.js';
import { runLocally } from '../dist/local-runner.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    minutes: { type: 'string', default: '10' },
    plan: { type: 'string', default: 'random' },
    lab: { type: 'string', default: 'abuse' },
    keep: { type: 'boolean', default: false },
  },
});
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const seed = Number(values.seed);
const started = performance.now();
const say = (text) =>
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s] ${text}`);

/** Mulberry32: a small generator whose whole state is its seed. */
let state = seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
const between = (low, high) => low + random() * (high - low);
const oneOf = (list) => list[Math.floor(random() * list.length)];

/** Runs halab; kills it (-9) after so many seconds unless it has ended by then. */
async function halab(words, { killAfter = null, allowed = [0] } = {}) {
  const child = spawn(process.execPath, [main, '--lab', values.lab, '--yes', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data;
    });
  let killed = false;
  const timer =
    killAfter === null
      ? null
      : setTimeout(() => {
          killed = child.kill('SIGKILL');
        }, killAfter * 1000);
  // Not 'close': what halab leaves running (ssh's kept connections) may hold its pipes.
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  if (killed && code === null) return 'killed';
  if (!allowed.includes(code))
    throw new Broken(
      `halab ${words.join(' ')} ended with exit code ${code}:\n${output.slice(-1500)}`,
    );
  return code;
}

class Broken extends Error {}

/** Lists core files, one a line. */
const coreFilesScript =
  'find /var/lib/pacemaker/cores /var/lib/corosync /var/crash -type f -name "*core*" 2>/dev/null; true';

const base = 'abuse-base';
const nodes = ['node1', 'node2'];
const kinds = faultNames.filter((kind) => !['stop-service', 'detach-disk'].includes(kind));

/** What can happen, and how often. */
const steps = [
  { weight: 5, make: faultStep },
  { weight: 2, make: () => killedStep('a reset', ['checkpoint', 'restore', base], 8) },
  { weight: 1, make: () => killedStep('up', ['up'], 4) },
  {
    weight: 2,
    make: () => killedStep('a drill', ['drill', 'power-cut', '--lesson', 'virtual-ip'], 40),
  },
  { weight: 1, make: () => killedStep('a check', ['check', 'vip', '--lesson', 'virtual-ip'], 8) },
  { weight: 1, make: () => killedStep('a checkpoint', ['checkpoint', 'save', 'abuse-more'], 6) },
  { weight: 1, make: powerStep },
  { weight: 1, make: switchStep },
];

function faultStep() {
  const kind = oneOf(kinds);
  const node = oneOf(nodes);
  const wait = between(0, 25);
  const itself = faultKind(kind).lasts !== null && random() < 0.3;
  return {
    title: `fault ${kind} on ${node}, undone ${itself ? 'by itself' : `after ${wait.toFixed(0)} s`}`,
    async run() {
      const time = faultKind(kind).lasts === null ? [] : ['--for', itself ? '20' : '60'];
      const code = await halab(['fault', kind, node, ...time], { allowed: [0, 2] });
      if (code === 2) return 'it does not apply now';
      await sleep((itself ? 25 : wait) * 1000);
      await halab(['fault', '--undo']);
      return 'undone';
    },
  };
}

function killedStep(what, words, most) {
  const after = between(0.2, most);
  return {
    title: `${what}, killed after ${after.toFixed(1)} s`,
    async run() {
      const code = await halab(words, { killAfter: after, allowed: [0, 1, 2] });
      // The next command carries on with whatever was left.
      await halab(['up']);
      return code === 'killed' ? 'killed, and carried on' : 'it had ended before';
    },
  };
}

function powerStep() {
  const node = oneOf(nodes);
  return {
    title: `the power of both nodes cut, ${node} first`,
    async run() {
      await halab(['fault', 'power-off', node]);
      await halab(['fault', 'power-off', nodes.find((other) => other !== node)]);
      await halab(['fault', '--undo']);
      return 'undone';
    },
  };
}

function switchStep() {
  const wait = between(0, 20);
  return {
    title: `the switch killed for ${wait.toFixed(0)} s`,
    async run() {
      for (const pid of switches(readLab(values.lab))) process.kill(pid, 'SIGKILL');
      await sleep(wait * 1000);
      // Any command that opens the lab starts another.
      await halab(['check', 'vip', '--lesson', 'virtual-ip', '--now'], { allowed: [0, 1] });
      return 'mended';
    },
  };
}

/** Waits until the cluster is at rest and every audit holds twice in a row. @throws Broken when that takes too long. */
async function auditAll() {
  const lab = readLab(values.lab);
  const shell = sshShell(lab, runLocally);
  let broken = [];
  let held = 0;
  for (const until = Date.now() + 240_000; Date.now() < until && held < 2; await sleep(1000)) {
    const seen = await observe(shell, lab.machines);
    const silent = Object.values(seen.machines).filter((machine) => !machine.reachable);
    const cores = (
      await Promise.all(lab.machines.map(({ name }) => shell.runAsRoot(name, coreFilesScript)))
    ).flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));
    const offline = nodes.filter(
      (node) =>
        !nodes.every((by) =>
          seen.machines[by]?.pacemaker?.nodes.some(({ name, online }) => name === node && online),
        ),
    );
    const moving = settlingReason(seen);
    broken = [
      ...silent.map(({ name, reason }) => `${name} does not answer: ${reason}.`),
      ...(offline.length > 0 ? [`Not online everywhere: ${offline.join(', ')}.`] : []),
      ...audit(seen, lab.variables.device),
      ...cores.map((file) => `There is a core file: ${file}`),
      ...(moving === null ? [] : [`The cluster does not come to rest: ${moving}`]),
      ...orphans(lab),
    ];
    held = broken.length === 0 ? held + 1 : 0;
  }
  if (broken.length > 0) throw new Broken(broken.join('\n'));
  const { fault, standing, checkpointing } = readLab(values.lab).record;
  if (fault !== null || standing.length > 0 || checkpointing !== null)
    throw new Broken(
      `halab still remembers: ${JSON.stringify({ fault, standing, checkpointing })}`,
    );
}

/** The processes of this lab with a word that holds a text on their command line. */
const processesWith = (text) =>
  ownProcesses().filter((pid) => commandLine(pid).some((word) => word.includes(text)));

/** The lab's switches, by process id. */
const switches = (lab) => processesWith(`${lab.runFolder}/switch.pid`);

/** Machines and switches of this lab that are not as many as they should be. */
function orphans(lab) {
  const machines = processesWith(`addr.path=${lab.runFolder}/sw/`).length;
  const found = switches(lab).length;
  return [
    ...(machines === lab.machines.length
      ? []
      : [`${machines} machines run, of ${lab.machines.length}.`]),
    ...(found === 1 ? [] : [`${found} switches run.`]),
  ];
}

/** Brings the cluster of the abuse to its base: a virtual address that prefers to stay. */
async function buildBase() {
  await halab(['up']);
  await halab(['reset', 'virtual-ip']);
  for (const task of ['vip', 'stickiness']) {
    await halab(['solution', task, '--run', '--flavour', 'crmsh'], { allowed: [0, 2] });
    await halab(['check', task], { allowed: [0, 1, 2] });
  }
  await auditAll();
  await halab(['checkpoint', 'delete', base], { allowed: [0, 2] });
  await halab(['checkpoint', 'save', base]);
}

/** A reset; with `moving`, while the active node's resource moves to the other. */
function resetStep(moving) {
  const wait = between(0.5, 15);
  return {
    title: moving === null ? 'a reset' : `a reset ${wait.toFixed(1)} s after ${moving}`,
    async run() {
      const active = await activeNode();
      if (moving === 'a power cut') await halab(['fault', 'power-off', active]);
      if (moving === 'standby')
        await halab(['shell', active, '--', 'sudo', 'crm', '--wait', 'node', 'standby', active], {
          killAfter: wait,
        });
      else if (moving !== null) await sleep(wait * 1000);
      const from = performance.now();
      await halab(['checkpoint', 'restore', base]);
      return `${((performance.now() - from) / 1000).toFixed(1)} s`;
    },
  };
}

/** The node that has the virtual address. */
async function activeNode() {
  const lab = readLab(values.lab);
  const seen = await observe(sshShell(lab, runLocally), lab.machines);
  const resources = Object.values(seen.machines).flatMap(
    (machine) => machine.pacemaker?.resources ?? [],
  );
  const node = resources.find(({ nodes: on }) => on.length === 1)?.nodes[0];
  if (node === undefined) throw new Broken('The virtual address is on no single node.');
  return node;
}

/** `up` of machines that are off or, from nothing, not there, killed; the next one makes it good. */
function upStep({ fromNothing }) {
  const after = between(0.5, fromNothing ? 90 : 45);
  return {
    title: `up of machines that ${fromNothing ? 'are not there' : 'are off'}, killed after ${after.toFixed(1)} s`,
    async run() {
      await halab([fromNothing ? 'destroy' : 'down'], { allowed: [0, 2] });
      const code = await halab(['up'], { killAfter: after });
      if (fromNothing) await buildBase();
      else {
        await halab(['up']);
        await halab(['checkpoint', 'restore', base]);
      }
      return code === 'killed' ? 'killed, and carried on' : 'it had ended before';
    },
  };
}

/** The steps of a plan, one after the other; random ones end when the time is up. */
const plans = {
  *random() {
    const end = Date.now() + Number(values.minutes) * 60_000;
    const all = steps.flatMap(({ weight, make }) => Array(weight).fill(make));
    while (Date.now() < end) yield oneOf(all)();
  },
  *resets() {
    for (let turn = 0; turn < 20; turn++)
      yield resetStep([null, 'a power cut', null, 'standby'][turn % 4]);
  },
  *kills() {
    const parts = [
      [5, () => upStep({ fromNothing: false })],
      [7, () => killedStep('a reset', ['checkpoint', 'restore', base], 4.5)],
      [7, () => killedStep('a drill', ['drill', 'power-cut', '--lesson', 'virtual-ip'], 40)],
      [1, () => upStep({ fromNothing: true })],
    ];
    for (const [count, make] of parts) {
      for (let killed = 0; killed < count; ) {
        const next = make();
        yield next;
        // One that came too late is not one of the twenty.
        if (next.outcome.startsWith('killed')) killed += 1;
      }
    }
  },
};

const plan = plans[values.plan];
if (plan === undefined) {
  console.error(`Which plan? ${Object.keys(plans).join(' | ')}`);
  process.exit(2);
}
const again = `npm run abuse -- --seed ${seed} ${values.plan === 'random' ? `--minutes ${values.minutes}` : `--plan ${values.plan}`}`;
let done = 0;
let failed = 0;
let step = { title: 'setting up' };
try {
  say(again);
  if (labExists(values.lab) && !values.keep) await halab(['destroy']);
  await buildBase();
  say('the lab is up, and every audit holds');
  for (step of plan()) {
    step.outcome = await step.run();
    await halab(['checkpoint', 'delete', 'abuse-more'], { allowed: [0, 2] });
    await auditAll();
    done += 1;
    say(`step ${done}: ${step.title}: ${step.outcome}; every audit holds`);
  }
} catch (error) {
  failed = 1;
  say(`step ${done + 1}: ${step.title}: BROKEN`);
  console.log(error instanceof Broken ? error.message : error.stack);
  if (labExists(values.lab))
    await halab(['report', `abuse-${seed}.tar.gz`], { allowed: [0, 2, 3] });
  console.log(`Again: ${again}`);
} finally {
  if (!values.keep && failed === 0) await halab(['destroy']);
}
console.log(`${done} passed, ${failed} failed`);
process.exitCode = failed;
