// `npm run hosts`: makes docs/hosts.md from docs/hosts.yaml, the list of what was seen where. With
// --check it writes nothing and fails when the document is not what the list says.
// `--list FILE --document FILE` take others than those.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import * as z from 'zod';

const docs = (name) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    list: { type: 'string', default: docs('hosts.yaml') },
    document: { type: 'string', default: docs('hosts.md') },
  },
});

const text = z.string().trim().min(1);
// A bare 10.0 would be YAML's number 10.
const version = text.regex(/^\d+(\.\w+)+$/, 'a version such as "9.0.0"');
const today = new Date().toISOString().slice(0, 10);
const day = z.iso.date().refine((date) => date <= today, 'a day that has not come yet');

const ran = z.strictObject({
  /** Distribution and version. */
  host: text,
  /** What kind of computer, or how it was entered. */
  as: text,
  versions: z.strictObject({
    node: version,
    libvirt: version,
    qemu: version,
    vagrant: version,
  }),
  accelerator: z.enum(['emulation', 'kvm']),
  user: z.enum(['root', 'ordinary']),
  what: text,
  command: text,
  date: day,
  result: z.enum(['passed', 'failed', 'partly']),
  notes: text.optional(),
});
const notRun = z.strictObject({ host: text, known: text, why: text });
const list = z.strictObject({
  format: z.literal(1),
  ran: z.array(ran).min(1),
  'not-run': z.array(notRun).min(1),
});

/** A cell of a table: a bar would end it. */
const cell = (words) =>
  words
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

function render(hosts) {
  const newestFirst = hosts.ran.toSorted((one, other) => other.date.localeCompare(one.date));
  const seen = newestFirst.map((entry) => [
    `${entry.host}: ${entry.as}`,
    Object.entries(entry.versions)
      .map(([name, number]) => `${name} ${number}`)
      .join(', '),
    `${entry.accelerator}, ${entry.user === 'root' ? 'root' : 'an ordinary user'}`,
    entry.what,
    `\`${entry.command}\``,
    entry.date,
    entry.notes === undefined ? entry.result : `${entry.result}. ${entry.notes}`,
  ]);
  return `# Hosts: what was seen where

Made from [hosts.yaml](hosts.yaml) by \`npm run hosts\`: do not edit it by hand. Everything here was seen to happen, by the
command in its row; what was not is below.

## Run

${table(['host', 'versions', 'accelerator, user', 'what ran', 'command', 'when', 'result'], seen)}

## Not run

${table(
  ['host', 'what is known', 'why it was not run'],
  hosts['not-run'].map(({ host, known, why }) => [host, known, why]),
)}
`;
}

const read = list.safeParse(parse(readFileSync(options.list, 'utf8')));
if (!read.success) {
  console.error(`${options.list} does not hold what it should:\n${z.prettifyError(read.error)}`);
  process.exit(1);
}
const document = render(read.data);
if (!options.check) writeFileSync(options.document, document);
else if (readFileSync(options.document, 'utf8') !== document) {
  console.error(
    `${options.document} is not what ${options.list} says. Make it anew: npm run hosts`,
  );
  process.exit(1);
}
