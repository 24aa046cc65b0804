import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { clock, cut, makeStyle, plain, styleOf, table, wrap } from '../../src/terminal/style.ts';

describe('styleOf', () => {
  const terminal = { isTTY: true, columns: 120 };

  it.each([
    ['a terminal', terminal, {}, true],
    ['no terminal', { isTTY: false }, {}, false],
    ['NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR, which counts as none', terminal, { NO_COLOR: '' }, true],
    ['FORCE_COLOR without a terminal', { isTTY: false }, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ])('colours: %s', (_name, stream, env, color) => {
    expect(styleOf(stream, env).color).toBe(color);
  });

  it.each([
    [{ LANG: 'de_DE.UTF-8' }, '✓'],
    [{ LANG: 'C.utf8' }, '✓'],
    [{ LANG: 'C' }, '+'],
    [{ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, '+'],
    [{ LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, '✓'],
  ])('signs that the locale %o has', (env, sign) => {
    expect(styleOf(terminal, env).signs.good).toBe(sign);
  });

  it('writes 80 columns at most, and fewer in a narrow terminal', () => {
    expect(styleOf(terminal, {}).width).toBe(80);
    expect(styleOf({ isTTY: true, columns: 50 }, {}).width).toBe(50);
    expect(styleOf({}, {}).width).toBe(80);
  });
});

describe('wrap', () => {
  it('breaks at spaces, with the indent counted', () => {
    expect(wrap('one two three four', 11, '- ', '  ')).toBe('- one two\n  three\n  four');
  });

  it('keeps line breaks, and words that are too long for a line', () => {
    expect(wrap('a\nb 0123456789abc d', 6)).toBe('a\nb\n0123456789abc\nd');
  });

  it('counts columns, not characters', () => {
    expect(wrap('日本 日本 日本', 9)).toBe('日本 日本\n日本');
  });
});

describe('table', () => {
  const long = 'a text that is far too long to stand in one line of a table in eighty columns';

  it('fits into the width and loses nothing', () => {
    const text = table(['Machine', 'What', 'Why'], [['node1', long, long]], makeStyle());
    for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    for (const word of long.split(' ')) expect(text).toContain(word);
  });

  it('stands in columns', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['one', 'x'],
          ['', 'y'],
        ],
        makeStyle(),
      ),
    ).toBe('A    B\n───  ─\none  x\n     y');
  });
});

it('takes out what would steer the terminal', () => {
  expect(plain('a\u001b[2Jb\u001b]0;title\u0007c\u0007\u009b\r\nd\te\u001b')).toBe('abc\nd    e');
});

it('cuts to columns', () => {
  expect(cut('waiting for ssh', 10, '…')).toBe('waiting f…');
  expect(cut('日本語', 4, '…')).toBe('日…');
  expect(cut('short', 10, '…')).toBe('short');
});

it.each([
  [0, '0:00'],
  [34.4, '0:34'],
  [80, '1:20'],
  [3723, '1:02:03'],
])('shows %d seconds as a clock', (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});
