// `npm run e2e`: a real terminal (tmux) walks the guided course from the welcome through the last
// lesson on real machines, typing what a learner types: menu keys, and commands in shells on the
// machines. Fails with the screen when something does not show up in time.
// `npm run e2e -- LESSON ...` walks through those lessons alone: `halab reset` builds their starts.
// HALAB_E2E_FLAVOUR=crmsh types those solutions; HALAB_E2E_LAB=NAME uses that lab, HALAB_E2E_KEEP=1 keeps it.

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

$.verbose = false;
const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const lab = process.env.HALAB_E2E_LAB ?? 'e2e';
const flavour = process.env.HALAB_E2E_FLAVOUR === 'crmsh' ? 'crmsh' : 'pcs';
// A tmux server of its own: the user's sessions and settings stay out of it.
const tmux = ['tmux', '-L', `halab-e2e-${process.pid}`];
const { loadCourse } = await import('../../dist/course/load.js');
const { imaginaryLab } = await import('../../dist/lab/lab.js');
const course = loadCourse(
  fileURLToPath(new URL('../../lessons/pacemaker', import.meta.url)),
  imaginaryLab(lab),
);
const started = performance.now();
const say = (text) =>
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${text}`);

/** All that the terminal has shown, without line wrapping. */
const screen = async () => (await $`${tmux} capture-pane -p -J -S -`).stdout.trimEnd();
let seen = 0;

/** Waits until a text shows up below all that was waited for before. */
const see = (text, seconds = 30) => seeOneOf([text], seconds);

/** Waits until one of these texts shows up below all that was waited for before. @returns that text. */
async function seeOneOf(texts, seconds) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(300)) {
    const shown = await screen();
    for (const text of texts) {
      const at = shown.indexOf(text, seen);
      if (at < 0) continue;
      seen = at + text.length;
      return text;
    }
  }
  throw new Error(
    `"${texts.join('" or "')}" did not show up within ${seconds} s. The screen:\n${(await screen()).slice(-3000)}`,
  );
}

async function type(text) {
  // A semicolon at the end would part two commands of tmux's.
  await $`${tmux} send-keys -l ${text.replace(/;$/, '\\;')}`;
  await $`${tmux} send-keys Enter`;
}

/** Chooses in a menu by its key. */
async function choose(key) {
  await see('What next?', 240);
  await sleep(500);
  await type(key);
}

/** Does a task as a learner does: a shell on each machine, the commands, exit. */
async function solve(task) {
  for (const { on, run } of task.solution[flavour]) {
    for (const machine of on) {
      await choose('s');
      await see('On which machine?');
      await sleep(500);
      await type(String(['node1', 'node2', 'storage'].indexOf(machine) + 1));
      await see(`vagrant@${machine}`, 60);
      await type("sudo bash -e <<'THE_END'");
      for (const line of run.trimEnd().split('\n')) await type(line);
      await type('THE_END');
      await type('echo "it ended with $?."');
      await see('it ended with 0.', 300);
      await type('exit');
    }
  }
}

const steps = [];

/** Goes through a lesson whose first task is shown, up to its end. */
async function walk(lesson) {
  for (const [number, task] of lesson.tasks.entries()) {
    await see(`Task ${number + 1} of ${lesson.tasks.length}`, 120);
    await choose('c');
    await see('Not yet.', 120);
    await choose('h');
    await see('Hint ', 120);
    await solve(task);
    await choose('c');
    await see(`Done: ${task.title}`, 300);
    steps.push(`${lesson.id}: ${task.id}`);
    say(`${lesson.id}: ${task.id} solved`);
    // After the last one the lesson's end follows by itself.
    if (number < lesson.tasks.length - 1) await choose('g');
  }
  for (const [number, drill] of lesson.drills.entries()) {
    await choose(lesson.drills.length === 1 ? 'd' : `d${number + 1}`);
    await see('Drill passed', 600);
    steps.push(`${lesson.id}: drill ${drill.id}`);
    say(`${lesson.id}: drill ${drill.id} passed`);
  }
  await see('Lesson done', 60);
}

/** Leaves by the menu; the machines go on running. */
async function leave() {
  await choose('q');
  await see('Power them off?', 30);
  await sleep(500);
  await type('n');
  await see('Carry on with', 30);
  say('left by the menu');
}

async function wholeCourse() {
  await type(guide);
  await see('Welcome to halab', 60);
  say('welcome');
  const first = `Lesson 1 of ${course.lessons.length}`;
  // Asked only where no shell finds a command halab, and nobody has declined it.
  const offer = 'Put the command there?';
  if ((await seeOneOf([offer, first], 900)) === offer) {
    await sleep(500);
    await type('n');
    await see(first, 60);
  }
  say('the machines are up, the first lesson is shown');
  for (const [index, lesson] of course.lessons.entries()) {
    if (index > 0) await see(`Lesson ${index + 1} of`, 120);
    await walk(lesson);
    await choose('g');
  }
  await see('You have finished the course', 60);
  await leave();
}

async function lessonAlone(lesson) {
  const halab = [process.execPath, main, '--lab', lab, '--yes'];
  await $`${halab} up`;
  await $`${halab} reset ${lesson.id} --forget-later`;
  say(`${lesson.id}: its start is built`);
  await type(guide);
  await see('Welcome back', 60);
  await walk(lesson);
  await leave();
}

const guide = `${process.execPath} ${main} --lab ${lab} --yes`;
const named = process.argv.slice(2);
const unknown = named.filter((id) => !course.lessons.some((lesson) => lesson.id === id));
if (unknown.length > 0) {
  console.error(`There is no lesson ${unknown.join(', ')}. See: halab lessons`);
  process.exit(2);
}
let failure = null;
try {
  // The history must hold all of the course: what was seen is found again by its place in it.
  await $`${tmux} -f /dev/null set-option -g history-limit 50000 ${';'} new-session -d -x 80 -y 40 -e LANG=C.UTF-8`;
  if (named.length === 0) await wholeCourse();
  for (const lesson of course.lessons.filter(({ id }) => named.includes(id))) {
    await lessonAlone(lesson);
  }
} catch (error) {
  failure = error;
  console.error(error.message);
} finally {
  await $({ nothrow: true })`${tmux} kill-server`;
  if (process.env.HALAB_E2E_KEEP !== '1')
    await $`${process.execPath} ${main} --lab ${lab} --yes destroy`;
}
console.log(`${steps.length} passed, ${failure === null ? 0 : 1} failed`);
process.exitCode = failure === null ? 0 : 1;
