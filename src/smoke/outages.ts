import type { SmokeResult } from './results.ts';

const columns = ['lesson', 'drill', 'outage', 'detection', 'fencing', 'promotion', 'start'];

/** A row for each outage that was measured: lesson, drill, seconds without an answer, and what they went to. */
function rows(results: readonly SmokeResult[]): string[][] {
  return results.flatMap(({ lesson, name, outageSeconds, parts }) => {
    if (outageSeconds === undefined) return [];
    const seconds = [
      outageSeconds,
      parts?.detection ?? null,
      parts?.fencing ?? null,
      parts?.promotion ?? null,
      parts?.start ?? null,
    ];
    const cells = seconds.map((one) => (one === null ? '-' : one.toFixed(1)));
    return [[lesson, name.replace(/^drill /, ''), ...cells]];
  });
}

/** The measured outages as a table for a terminal, in seconds; "" when none was measured. */
export function renderOutages(results: readonly SmokeResult[]): string {
  const lines = rows(results);
  if (lines.length === 0) return '';
  const all = [columns, ...lines];
  const widths = columns.map((_, index) =>
    Math.max(...all.map((line) => line[index]?.length ?? 0)),
  );
  return all
    .map((line) =>
      line
        .map((cell, index) =>
          index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** The rows of such a document: those cells of a table that begin with a lesson and a drill. */
const rowsOf = (document: string): string[][] =>
  document
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (lesson|---) /.test(line))
    .map((line) => line.slice(2, -2).split(' | '));

/** New rows in the places of those for the same drill; all of them lesson by lesson, in that order. */
function mergedRows(
  old: readonly string[][],
  fresh: readonly string[][],
  order: readonly string[],
): string[][] {
  const isFor = (row: readonly string[], other: readonly string[]): boolean =>
    row[0] === other[0] && row[1] === other[1];
  const kept = old.map((row) => fresh.find((one) => isFor(one, row)) ?? row);
  const added = fresh.filter((row) => !old.some((one) => isFor(one, row)));
  const place = ([lesson = '']: readonly string[]): number => order.indexOf(lesson);
  return [...kept, ...added].sort((one, other) => place(one) - place(other));
}

/** On what the outages were measured. */
export interface Measured {
  readonly at: Date;
  readonly halab: string;
  readonly flavour: string;
  readonly processor: string;
  readonly cores: number;
  /** "software emulation" or "KVM". */
  readonly accelerator: string;
  readonly provider: string;
  /** What ran on the machines, with versions. */
  readonly software: string;
}

/**
 * The measured outages as a document, with how and on what they were measured. A course may be measured
 * in parts: drills that this run did not play keep the row that they have in the document `before`.
 * `order`: the lessons in the order of the course.
 */
export function timesDocument(
  results: readonly SmokeResult[],
  on: Measured,
  { before, order }: { readonly before: string | null; readonly order: readonly string[] },
): string {
  const measured = `${on.at.toISOString().slice(0, 10)}, ${on.flavour}, ${on.cores} cores, ${on.accelerator}`;
  const lines = mergedRows(
    rowsOf(before ?? ''),
    rows(results).map((row) => [...row, measured]),
    order,
  );
  const head = [...columns, 'measured'];
  const align = head.map((_, index) => (index < 2 || index === columns.length ? '---' : '---:'));
  const table = [head, align, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
  return `# Failover times

Seconds without an answer, as a client saw them, drill by drill. Written by

    halab smoke --times docs/failover-times.md

so it can be written anew on any computer. Do not edit it by hand. A smoke of some lessons renews their rows alone.

## On what

- last on ${on.at.toISOString().slice(0, 10)} by halab ${on.halab}: ${on.cores} cores of ${on.processor}, provider ${on.provider}; each row says when, with
  which tool's solutions, and on what it was measured
- on a node at that time: ${on.software}

Under software emulation everything that the nodes *do* takes about ten times as long as on a real processor: starts, stops,
promotions. What they *wait for* does not: the token, the consensus, the intervals and timeouts of operations.

## Figures

${table}

## How it was measured

A machine of the lab asks for the service again and again: ten times a second by ping, or once by the command that the drill
names. **outage** is the longest time between two answers with at least one lost sample between them, on that machine's own clock.

The parts come from the logs of Corosync and Pacemaker on the nodes that answered:

- **detection**: until a monitor operation had failed, or Corosync had formed a ring without the lost node. "-": nothing failed, somebody
  had asked for the move; then stops are part of the promotion.
- **fencing**: from then until Pacemaker knew a node to be fenced. "-": fencing was off, or not needed.
- **promotion**: from then until a clone was promoted. "-": there was none to promote.
- **start**: the rest. Stops, starts, and the client's way to the service.

The clocks of two machines are read to about 0.3 s. A drill without parts is one in which the logs named no moment of detection.
`;
}
