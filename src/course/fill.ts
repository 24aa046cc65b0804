import type { LabVariables } from '../lab/variables.ts';
import { didYouMean } from './suggest.ts';

/** Told of something wrong in a text, and where the text has it. */
export type FillReport = (message: string, at: number, found: string) => void;

/** A place that a running drill fills, not the loader. */
export const activeNode = '{{active}}';

/**
 * Puts the lab's values in the place of {{names}}. `mayActive`: {{active}} may stand there, and stays.
 * Control characters are reported too: a lesson is shown in a terminal, which would obey them.
 */
export function fill(
  text: string,
  variables: LabVariables,
  mayActive: boolean,
  report: FillReport,
): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.exec(text);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    report(`a control character (U+${code}) has no place in a lesson`, control.index, control[0]);
  }
  const valueFor = (whole: string, at: number): string => {
    const name = whole.slice(2, -2).trim();
    if (name === 'active') {
      if (!mayActive) report('{{active}} is known in the `fault` of a drill alone', at, whole);
      return activeNode;
    }
    if (Object.hasOwn(variables, name)) return variables[name as keyof LabVariables];
    const names = Object.keys(variables);
    report(
      `there is no variable {{${name}}}; expected one of ${names.join(', ')}${didYouMean(name, names)}`,
      at,
      whole,
    );
    return whole;
  };
  let start = 0;
  const lines = text.split('\n').map((line) => {
    const filled = fillLine(line, valueFor, report, start);
    start += line.length + 1;
    return filled;
  });
  return lines.join('\n');
}

/** One line, read from left to right once. A variable ends on the line on which it begins. */
function fillLine(
  line: string,
  valueFor: (whole: string, at: number) => string,
  report: FillReport,
  start: number,
): string {
  let filled = '';
  let done = 0;
  for (let open = line.indexOf('{{'); open >= 0; open = line.indexOf('{{', done)) {
    const close = line.indexOf('}}', open + 2);
    if (close < 0) {
      const found = line.slice(open, open + 30);
      report(`"${found}" is not closed; expected {{name}} on one line`, start + open, found);
      break;
    }
    filled += line.slice(done, open) + valueFor(line.slice(open, close + 2), start + open);
    done = close + 2;
  }
  return filled + line.slice(done);
}
