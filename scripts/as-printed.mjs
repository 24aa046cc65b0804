// Types the commands of a lesson's text on the machines of a running lab, as they are printed there:
//
//   npm run build && npm run as-printed -- LESSON [--lab LAB] [--flavour crmsh] [--swap]
//
// First it brings the lab to the lesson's start. Then, task by task, it prints each command with what came
// and, where that is another thing, what the text shows; then it checks the task, and solves it when the printed
// commands did not. What stands in the text for the other tool is left out. Blocks without a prompt go
// where the command or the sentence before them says (nano, systemctl edit, "write ... to /a/file:").
// --swap: node1 means node2 and the other way round, for a text that says "if node1 has it".
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { $ } from 'zx';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    lab: { type: 'string', default: 'default' },
    flavour: { type: 'string', default: 'pcs' },
    swap: { type: 'boolean', default: false },
  },
});
const { flavour, lab } = values;
if (positionals.length !== 1 || !['pcs', 'crmsh'].includes(flavour)) {
  console.error('Wanted: one LESSON, and --flavour pcs or crmsh.');
  process.exit(2);
}

const { openSession } = await import('../dist/session/open.js');
const { judgeTask } = await import('../dist/session/check.js');
const { runSolution } = await import('../dist/session/solve.js');
const { sshCommand } = await import('../dist/lab/ssh.js');
const { runLocally } = await import('../dist/local-runner.js');

/** What a learner reads as commands in Markdown: on which machine, what, its input, and what the text shows of its output. */
function commandsIn(markdown) {
  const found = [];
  let paragraph = '';
  let before = '';
  let block = null;
  for (const line of markdown.split('\n')) {
    if (/^ *```/.test(line)) {
      if (block === null) {
        block = [];
      } else {
        readBlock(block, before, found);
        block = null;
      }
    } else if (block !== null) {
      block.push(line);
    } else if (line.trim() === '') {
      inline(paragraph, found);
      if (paragraph !== '') before = paragraph;
      paragraph = '';
    } else {
      paragraph += ` ${line.trim()}`;
    }
  }
  inline(paragraph, found);
  return found;
}

/** Commands of the wanted tool in a sentence: "or `sudo crm ...`". */
function inline(paragraph, found) {
  for (const [, command] of paragraph.matchAll(/`(sudo (?:pcs|crm) [^`]+)`/g)) {
    found.push({ on: found.at(-1)?.on ?? ['node1'], command, shown: [] });
  }
}

/** A prompt without a machine: on both nodes. */
const prompt = /^(node[12]|storage|)\$ ([\s\S]*)$/;

function readBlock(lines, paragraph, found) {
  const margin = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)));
  const rest = lines.map((line) => line.slice(margin));
  if (!rest.some((line) => prompt.test(line))) {
    readFile(rest, paragraph, found);
    return;
  }
  while (rest.length > 0) {
    const line = takeCommand(rest);
    const [, on, command] = prompt.exec(line) ?? [];
    const [, input] = /^crm\([^)]*\)\w*# ([\s\S]*)$/.exec(line) ?? [];
    const last = found.at(-1);
    if (command !== undefined) {
      found.push({ on: on === '' ? ['node1', 'node2'] : [on], command, shown: [] });
    } else if (input !== undefined) last.input = `${last.input ?? ''}${input}\n`;
    else last?.shown.push(line);
  }
}

/** The next line, with those that it goes on in: after a backslash or a bar, or until the end of a here-document. */
function takeCommand(rest) {
  let line = rest.shift();
  while (/(\\|\|)$/.test(line) && /[$#] /.test(line) && rest.length > 0)
    line += `\n${rest.shift()}`;
  const [, end] = /[$#] .*<<'?(\w+)'?$/.exec(line) ?? [];
  while (end !== undefined && !line.endsWith(`\n${end}`) && rest.length > 0)
    line += `\n${rest.shift()}`;
  return line;
}

/** A block without a prompt: what to type in an editor, or a file that the sentence before it names. */
function readFile(lines, paragraph, found) {
  const text = `${lines.join('\n')}\n`;
  const last = found.at(-1);
  if (last?.editor === undefined && /^sudo (nano|systemctl edit) /.test(last?.command ?? '')) {
    const editors = found.filter(({ command, input }) => command === last.command && !input);
    for (const one of editors) {
      one.input = text;
      one.editor = one.command;
      one.command = one.command
        .replace(/^sudo nano (\S+)$/, 'sudo tee $1 > /dev/null')
        .replace(/^sudo systemctl edit/, 'sudo systemctl edit --stdin');
    }
    return;
  }
  const path = paragraph.match(/\/(?:etc|usr|srv|var)\/[\w./@-]*\w/g)?.at(-1);
  if (path === undefined || !/\b(write|say|as|with|to)\b/i.test(paragraph)) return;
  const both = /both|(each|every) node/i.test(paragraph);
  const on = both ? ['node1', 'node2'] : last?.editor === undefined ? ['node1'] : last.on;
  found.push({ on, command: `sudo tee ${path} > /dev/null`, input: text, shown: [], editor: path });
}

const otherTool = flavour === 'pcs' ? /^sudo crm( |$)/ : /^sudo pcs /;
const endless = /^ping (-O|-D)|^while sleep|^sudo journalctl .*-f\b|^(man|less|watch) |\| less$/;

async function type({ lab: at }, on, command, input) {
  // A command that wants the keyboard must not read the commands after it.
  const words = ['timeout', endless.test(command) ? '8' : '200', 'bash', '-c'];
  const quoted = `'${command.replaceAll("'", "'\\''")}'`;
  return runLocally(sshCommand(at, on, [[...words, quoted].join(' ')]), {
    input: input ?? '',
    timeout: 220_000,
  });
}

const swapped = { node1: 'node2', node2: 'node1' };
const place = (machine) => (values.swap ? (swapped[machine] ?? machine) : machine);
const renamed = (text) =>
  values.swap ? text.replace(/\bnode[12]\b/g, (name) => swapped[name]) : text;
const indent = (text) => text.trimEnd().replace(/^/gm, '    ');

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const reset = ['reset', positionals[0], '--forget-later', '--flavour', flavour];
await $({ stdio: 'inherit' })`${process.execPath} ${main} --yes --lab ${lab} ${reset}`;
const session = await openSession(lab, () => {});
const lesson = session.course.lessons.find(({ id }) => id === positionals[0]);
const failures = [];
const helped = [];
let typed = 0;
for (const task of lesson.tasks) {
  console.log(`\n=== ${task.id}: ${task.title}`);
  for (const { on, command, input, shown } of commandsIn(lesson.text.tasks[task.id])) {
    if (otherTool.test(command)) continue;
    for (const machine of on.map(place)) {
      const text = renamed(command);
      console.log(`\n${machine}$ ${text}`);
      if (input !== undefined) console.log(indent(input).replace(/^ {4}/gm, '  < '));
      if (/\b(NODE|ID|NAME)\b|configure edit|^sudo crm_mon$/.test(text)) {
        console.log('  (not typed: it wants a name, an editor or the whole screen)');
        continue;
      }
      const result = await type(session, machine, text, input && renamed(input));
      typed += 1;
      console.log(indent(`${result.stdout}${result.stderr}`));
      const ended = endless.test(text) ? [0, 124] : [0];
      if (!ended.includes(result.exitCode)) {
        console.log(`  exit code ${result.exitCode}`);
        failures.push(`${task.id}: ${machine}$ ${text}: exit code ${result.exitCode}`);
      }
      if (shown.length > 0) console.log(`  The text shows:\n${indent(shown.join('\n'))}`);
    }
  }
  const { passed, verdicts } = await judgeTask(session, task);
  console.log(`\n--- ${task.id}: ${passed ? 'done' : 'NOT done by what the text prints'}`);
  if (passed) continue;
  for (const { passed, expectation, evidence } of verdicts)
    if (!passed) console.log(`  ${expectation}: ${evidence}`);
  helped.push(task.id);
  await runSolution(session, task, flavour);
}
console.log(
  `\n${typed} commands typed. Ended with a failure: ${failures.length}. Tasks that needed the solution: ${helped.join(', ') || 'none'}.`,
);
for (const failure of failures) console.log(`  ${failure}`);
process.exit(helped.length === 0 ? 0 : 1);
