import * as z from 'zod';
import type { Question } from '../cluster/collect.ts';
import type { Answer } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { isFound, isPattern } from './pattern.ts';
import { machineNames } from './places.ts';
import { failed, listed, passed, reach, type Scene, searchedFor } from './select.ts';
import type { Verdict } from './verdict.ts';

const text = z.string().trim().min(1);

export const answerSchema = z.strictObject({
  /** The sentence that must hold, without its full stop. */
  what: text,
  run: text,
  on: z.union([
    z.enum([...machineNames, 'nodes', 'all', 'one-node', 'nowhere']),
    z.array(z.enum(machineNames)).min(1),
  ]),
  says: text
    .refine((pattern) => isPattern(pattern), 'expected a regular expression (of JavaScript)')
    .optional(),
  exit: z.number().int().min(0).default(0),
});

type Expected = z.infer<typeof answerSchema>;

/** What must be asked of which machines for the check to be judged. */
export const questionOf = ({ run, on }: Expected, machines: readonly Machine[]): Question => ({
  run,
  on: searchedFor(on, machines),
});

/** A command on a machine prints what it should: on every one of those named, on one node alone, or on none that answers. */
export function judgeAnswer(expected: Expected, { state, machines }: Scene): Verdict {
  const { what: expectation, on } = expected;
  const fitting: { name: string; answer: Answer }[] = [];
  const other: string[] = [];
  for (const name of searchedFor(on, machines)) {
    const machine = reach(state, name);
    const answer = typeof machine === 'string' ? undefined : machine.answers[expected.run];
    const fit = answer !== undefined && fits(answer, expected);
    if (fit === null) {
      return failed(
        expectation,
        `What ${name} printed cannot be judged: the search for ${expected.says} does not come to an end. That is a mistake in the lesson.`,
      );
    }
    if (answer !== undefined && fit) fitting.push({ name, answer });
    else if (typeof machine === 'string') other.push(machine);
    else other.push(describe(name, answer));
  }
  const [first] = fitting;
  const names = listed(fitting.map(({ name }) => name));
  const shown = first === undefined ? '' : `On ${names}: ${shorten(first.answer.output)}.`;
  if (on === 'nowhere') {
    return first === undefined ? passed(expectation, other.join(' ')) : failed(expectation, shown);
  }
  if (on === 'one-node') {
    if (first !== undefined && fitting.length === 1) return passed(expectation, shown);
    return failed(
      expectation,
      first === undefined ? other.join(' ') : `${shown} One node alone should say so.`,
    );
  }
  const [wrong] = other;
  if (wrong !== undefined) return failed(expectation, wrong);
  return passed(expectation, shown);
}

/** Whether an answer is as it should be; null when that cannot be told. */
function fits({ output, exitCode }: Answer, { says, exit }: Expected): boolean | null {
  if (exitCode !== exit) return false;
  return says === undefined || isFound(says, output);
}

function describe(name: string, answer: Answer | undefined): string {
  if (answer === undefined) return `${name} was not asked.`;
  if (answer.exitCode === null) return `${name} gave no answer in time.`;
  const code = answer.exitCode === 0 ? '' : ` (exit code ${answer.exitCode})`;
  return `On ${name}: ${shorten(answer.output)}${code}.`;
}

/** What was printed, on one line and not without end. */
function shorten(output: string): string {
  const line = output.trim().replaceAll(/\s*\n\s*/g, ' | ');
  if (line === '') return 'nothing was printed';
  return line.length > 160 ? `"${line.slice(0, 160)} ..."` : `"${line}"`;
}
