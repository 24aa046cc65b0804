import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { bold, green, italic, magenta, red, underline } from 'yoctocolors';
import { typeable } from './which-lab.ts';

type Paint = (text: string) => string;

/**
 * How text is to look on one stream. Only colours that can be read on light and on dark backgrounds
 * are used (no white, no yellow, no dim), and no meaning is in a colour alone: a sign or a word always
 * says the same.
 */
export interface Style {
  /** Columns to write in: those of the terminal, 80 at most. */
  readonly width: number;
  readonly color: boolean;
  readonly signs: Signs;
  readonly bold: Paint;
  readonly italic: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  /** What can be typed: commands, names, code. */
  readonly code: Paint;
  readonly heading: Paint;
  /** Marks what belongs to halab's own questions. */
  readonly accent: Paint;
}

interface Signs {
  readonly good: string;
  readonly bad: string;
  readonly warning: string;
  readonly bullet: string;
  readonly locked: string;
  readonly open: string;
  readonly started: string;
  readonly line: string;
  readonly bar: string;
  readonly between: string;
  readonly ellipsis: string;
}

const unicodeSigns: Signs = {
  good: '✓',
  bad: '✗',
  warning: '!',
  bullet: '•',
  locked: '·',
  open: '○',
  started: '◐',
  line: '─',
  bar: '│',
  between: '·',
  ellipsis: '…',
};

const asciiSigns: Signs = {
  good: '+',
  bad: 'x',
  warning: '!',
  bullet: '*',
  locked: '.',
  open: 'o',
  started: '>',
  line: '-',
  bar: '|',
  between: '-',
  ellipsis: '...',
};

/** The parts of a stream that its style depends on. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a style is made of. */
export interface StyleChoice {
  readonly width?: number;
  readonly color?: boolean;
  readonly unicode?: boolean;
}

/** A style by choice; 80 columns, no colour, all signs unless said otherwise. */
export function makeStyle({ width = 80, color = false, unicode = true }: StyleChoice = {}): Style {
  const paint = (apply: Paint): Paint => (color ? apply : (text) => text);
  return {
    width,
    color,
    signs: unicode ? unicodeSigns : asciiSigns,
    bold: paint(bold),
    italic: paint(italic),
    good: paint(green),
    bad: paint(red),
    warning: paint((text) => bold(magenta(text))),
    code: paint(magenta),
    heading: paint((text) => underline(bold(text))),
    accent: paint(bold),
  };
}

/** The style for a stream: its width, and whether colours and all signs can be used on it. */
export function styleOf(stream: Screen, env: Environment = process.env): Style {
  return makeStyle({
    width: Math.max(20, Math.min(stream.columns ?? 80, 80)),
    color: wantsColor(stream, env),
    unicode: wantsUnicode(env),
  });
}

/** FORCE_COLOR (force-color.org) before NO_COLOR (no-color.org) before what the stream is; as Node does it. */
function wantsColor(stream: Screen, env: Environment): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((env.NO_COLOR ?? '') !== '') return false;
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Whether the locale's characters are UTF-8: the first of these variables that is set decides (locale(7)). */
function wantsUnicode(env: Environment): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale === undefined || locale === '') return process.platform !== 'linux';
  return /utf-?8/i.test(locale);
}

/**
 * Text without escape sequences and control characters but the line break (a tab becomes spaces). What comes from a machine or
 * a lesson must not be able to steer the learner's terminal. Commands of halab's in it name the lab.
 */
export function plain(text: string): string {
  return (
    stripVTControlCharacters(typeable(text))
      .replaceAll('\r\n', '\n')
      .replaceAll('\t', '    ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go.
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
  );
}

/**
 * Breaks text at its spaces so that no line is wider than `width`; line breaks in the text stay. The
 * first line begins with `first`, the others with `rest`, and both count. A word that is too long for
 * a line stays whole, so that it can be copied.
 */
export function wrap(text: string, width: number, first = '', rest = first): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = lines.length === 0 ? first : rest;
    let empty = true;
    for (const word of paragraph.split(/ +/)) {
      if (word === '') continue;
      if (!empty && stringWidth(line) + 1 + stringWidth(word) > width) {
        lines.push(line);
        line = rest;
        empty = true;
      }
      line += empty ? word : ` ${word}`;
      empty = false;
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n');
}

/** Cuts text to so many columns; an ellipsis says that something is missing. Text without escapes only. */
export function cut(text: string, width: number, ellipsis: string): string {
  if (stringWidth(text) <= width) return text;
  const room = width - stringWidth(ellipsis);
  let kept = '';
  let columns = 0;
  for (const character of text) {
    columns += stringWidth(character);
    if (columns > room) break;
    kept += character;
  }
  return `${kept.trimEnd()}${ellipsis}`;
}

/** Text followed by spaces up to so many columns. */
const pad = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - stringWidth(text)));

/** A duration as a clock shows it: "0:34", "1:02:03". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours === 0
    ? `${minutes}:${two(whole % 60)}`
    : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

/**
 * A table without frames: columns two spaces apart, the widest ones narrowed and their cells wrapped
 * until it fits into the style's width.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const columns = head.map((title, index) =>
    Math.max(
      stringWidth(title),
      ...rows.map((row) =>
        Math.max(...(row[index] ?? '').split('\n').map((line) => stringWidth(line))),
      ),
    ),
  );
  const gaps = 2 * (columns.length - 1);
  for (let sum = columns.reduce((a, b) => a + b, gaps); sum > style.width; sum -= 1) {
    const widest = columns.indexOf(Math.max(...columns));
    if ((columns[widest] ?? 0) <= 8) break;
    columns[widest] = (columns[widest] ?? 0) - 1;
  }
  const print = (cells: readonly string[]): string => {
    const wrapped = columns.map((width, index) => wrap(cells[index] ?? '', width).split('\n'));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      columns
        .map((width, index) => pad(wrapped[index]?.[line] ?? '', width))
        .join('  ')
        .trimEnd(),
    ).join('\n');
  };
  return [
    print(head.map((title) => style.bold(title))),
    columns.map((width) => style.signs.line.repeat(width)).join('  '),
    ...rows.map(print),
  ].join('\n');
}
