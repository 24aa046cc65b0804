// Stores what the machines of a running lab answer to the probe, as fixtures for tests:
//
//   npm run build && npm run record -- NAME [--lesson ID] [--lab LAB] [--note TEXT]
//   npm run record -- NAME --ssh node1='ssh -p 2201 -i KEY vagrant@127.0.0.1' --ssh node2=...
//   npm run record -- --undos --lesson ID [--lesson ID ...] [--lab LAB] [--flavour pcs] [--times FILE]
//
// The fixture is test/fixtures/cluster/pacemaker-VERSION/NAME/. With --lesson it asks what the checks of
// that lesson need to know besides. The second form needs no lab of halab's: each --ssh names a machine
// and the command that runs there what follows it. The third form plays lessons in the lab as
// `halab smoke` does, and records what the machines answer after each undo step as ID-TASK-without-1 and
// so on: the wrong turns that a lesson itself names.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    lab: { type: 'string', default: 'default' },
    ssh: { type: 'string', multiple: true, default: [] },
    lesson: { type: 'string', multiple: true, default: [] },
    note: { type: 'string', default: '' },
    undos: { type: 'boolean', default: false },
    flavour: { type: 'string', default: 'crmsh' },
    times: { type: 'string' },
  },
});
const [given, ...rest] = positionals;
if (
  values.undos
    ? given !== undefined || values.lesson.length === 0
    : rest.length > 0 || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(given ?? '')
) {
  console.error('Wanted: one NAME for the fixture, of small letters, digits and hyphens.');
  process.exit(2);
}

const { collect } = await import('../dist/cluster/collect.js');
const { runLocally } = await import('../dist/local-runner.js');

/** A shell from --ssh options: the machine's name, then the command. */
function shellOf(given) {
  const commands = Object.fromEntries(
    given.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
  const order = ['node1', 'node2', 'storage'];
  const machines = Object.keys(commands).map((machine) => ({
    name: machine,
    role: machine === 'storage' ? 'storage' : 'node',
    ip: `192.168.56.${11 + order.indexOf(machine)}`,
  }));
  const shell = {
    async runAsRoot(machine, script, { timeout = 15_000 } = {}) {
      const command = [...commands[machine].split(' '), 'sudo -n bash -s'];
      const result = await runLocally(command, { input: script, timeout });
      // ssh(1): exit status 255 is ssh's own failure.
      const reached = result.exitCode !== null && result.exitCode !== 255;
      return { ...result, reached, stderr: result.timedOut ? 'it does not answer' : result.stderr };
    },
  };
  return { shell, machines };
}

async function shellOfLab(lab) {
  const { readLab } = await import('../dist/lab/lab.js');
  const { sshShell } = await import('../dist/lab/ssh.js');
  const found = readLab(lab);
  return { shell: sshShell(found, runLocally), machines: found.machines };
}

/** A lesson by its id, in a lab of as many machines. */
async function lessonOf(id, machineCount) {
  const { courseOf } = await import('../dist/session/session.js');
  const { imaginaryLab } = await import('../dist/lab/lab.js');
  const lab = imaginaryLab('recorder', { machineCount });
  const course = courseOf(lab);
  const lesson = course.lessons.find((candidate) => candidate.id === id);
  if (lesson === undefined) {
    console.error(`There is no lesson ${id}.`);
    process.exit(2);
  }
  return { lab, course, lesson };
}

/** What a lesson's checks ask: questions, and units that are not standard ones. */
async function wantedBy(id, machineCount) {
  if (id === undefined) return {};
  const { questionsOf } = await import('../dist/checks/index.js');
  const { unitsOf } = await import('../dist/course/units.js');
  const { lab, course, lesson } = await lessonOf(id, machineCount);
  const { entry, tasks, drills } = lesson;
  const checks = [entry, ...tasks.map((task) => task.checks)].flat();
  checks.push(...drills.flatMap(({ then, after }) => [...then, ...after]));
  return { questions: questionsOf(checks, lab.machines), units: unitsOf(course) };
}

/** Stores what the machines answer now. */
async function record(name, note, lesson, { shell, machines }) {
  const wanted = await wantedBy(lesson, machines.length);
  // Patient: a fixture should be whole.
  const raw = await collect(shell, machines, { timeout: 60_000, ...wanted });
  const up = machines.find((machine) => raw.answers[machine.name].reached);
  if (up === undefined) {
    console.error(`No machine answered: ${JSON.stringify(raw.answers)}`);
    process.exit(3);
  }
  const { stdout } = await shell.runAsRoot(up.name, 'pacemakerd --version');
  const version = /^Pacemaker (\d+\.\d+\.\d+)/m.exec(stdout)?.[1];
  if (version === undefined) {
    console.error(`pacemakerd --version on ${up.name} said: ${stdout}`);
    process.exit(3);
  }

  const fixtures = fileURLToPath(new URL('../test/fixtures/cluster', import.meta.url));
  const folder = join(fixtures, `pacemaker-${version}`, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const answers = {};
  for (const [machine, answer] of Object.entries(raw.answers)) {
    const { output, ...about } = answer;
    answers[machine] = about;
    if (answer.reached) writeFileSync(join(folder, `${machine}.txt`), output);
  }
  const { token, commands, observedAt } = raw;
  const about = { note, token, commands, observedAt, answers };
  writeFileSync(join(folder, 'recorded.json'), `${JSON.stringify(about, null, 2)}\n`);
  const took = Object.entries(answers).map(([machine, { reached, reason, sentAt, answeredAt }]) =>
    reached ? `${machine} ${answeredAt - sentAt} ms` : `${machine}: ${reason}`,
  );
  console.log(`${folder}\n  ${took.join(', ')}`);
}

/** Plays lessons as `halab smoke` does, and records each undo step of their tasks alone. */
async function recordUndos(lab) {
  const { openSession } = await import('../dist/session/open.js');
  const { withLock } = await import('../dist/lab/lock.js');
  const { dropStaleStarts } = await import('../dist/session/reset.js');
  const { lessonsToPlay } = await import('../dist/smoke/parts.js');
  const { playLessons } = await import('../dist/smoke/play.js');
  const { reporters } = await import('../dist/smoke/reporters.js');
  const { writeTimes } = await import('../dist/smoke/times.js');
  const reporter = reporters.tap();
  const results = await withLock(lab, 'the recorder', async () => {
    const session = await openSession(lab, () => {}, { isLocked: true });
    await dropStaleStarts(session);
    const played = await playLessons(session, lessonsToPlay(session.course, values.lesson), {
      flavour: values.flavour,
      emit: () => {},
      keepStarts: true,
      rebuild: async () => session,
      onResult: (result) => {
        process.stdout.write(reporter.result(result));
        if (values.times !== undefined && result.outageSeconds !== undefined)
          writeTimes(values.times, session, [result], values.flavour);
      },
      onFailure: async () => {},
      onUndone: ({ shell, lab: { machines } }, lesson, task, number) => {
        const name = `${lesson.id}-${task.id}-without-${number}`;
        return record(name, `without ${task.undo[number - 1].what}`, lesson.id, {
          shell,
          machines,
        });
      },
    });
    return played;
  });
  process.stdout.write(reporter.end(results));
  return results.every(({ passed }) => passed);
}

if (values.undos) process.exit((await recordUndos(values.lab)) ? 0 : 1);
const source = values.ssh.length > 0 ? shellOf(values.ssh) : await shellOfLab(values.lab);
await record(given, values.note, values.lesson[0], source);
// What a session keeps open must not keep the recorder alive.
process.exit(0);
