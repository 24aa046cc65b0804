import { readFileSync } from 'node:fs';
import stringWidth from 'string-width';
import { describe, expect, it, vi } from 'vitest';
import { renderMarkdown } from '../../src/terminal/markdown.ts';
import { makeStyle } from '../../src/terminal/style.ts';

// yoctocolors asks the environment once, when it is loaded.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1';
});

const example = readFileSync(new URL('golden/example.md', import.meta.url), 'utf8');
const ascii = makeStyle({ unicode: false });

describe('an example with everything in it', () => {
  it('without colour', async () => {
    await expect(renderMarkdown(example, makeStyle())).toMatchFileSnapshot('golden/example.txt');
  });

  it('with colour', async () => {
    await expect(renderMarkdown(example, makeStyle({ color: true }))).toMatchFileSnapshot(
      'golden/example.color.txt',
    );
  });

  it('narrow, in ASCII', async () => {
    const text = renderMarkdown(example, makeStyle({ unicode: false, width: 50 }));
    await expect(text).toMatchFileSnapshot('golden/example.narrow.txt');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing else may be in it.
    expect(text).toMatch(/^[\u0000-\u007f]*$/);
  });

  it.each([80, 60, 50])('fits into %d columns, but for code', (width) => {
    const lines = renderMarkdown(example, makeStyle({ color: true, width })).split('\n');
    const prose = lines.filter((line) => !line.includes('cidr_netmask'));
    expect(Math.max(...prose.map((line) => stringWidth(line)))).toBeLessThanOrEqual(width);
  });

  it('has no escape without colour', () => {
    expect(renderMarkdown(example, makeStyle())).not.toContain('\u001b');
  });
});

describe('what other renderers get wrong', () => {
  it('renders marks in a list', () => {
    expect(renderMarkdown('- **bold** and `code`\n- two', makeStyle({ color: true }))).toBe(
      '• \u001b[1mbold\u001b[22m and \u001b[35mcode\u001b[39m\n• two',
    );
  });

  it('drops comments, in a line and between lines', () => {
    expect(renderMarkdown('a <!-- x --> b\n\n<!-- y\nz -->\n\nc', ascii)).toBe('a b\n\nc');
  });

  it('leaves colons, underscores and emoji names in code alone', () => {
    expect(renderMarkdown('`ocf:heartbeat:IPaddr2` and `:smile:` and a_b_c', ascii)).toBe(
      '`ocf:heartbeat:IPaddr2` and `:smile:` and a_b_c',
    );
  });

  it('writes a link as text and address, once when both are the same', () => {
    expect(
      renderMarkdown('[the guide](https://example.org/a?b=1&c=2) <https://example.org>', ascii),
    ).toBe('the guide (https://example.org/a?b=1&c=2) https://example.org');
  });

  it('lets nothing steer the terminal', () => {
    expect(renderMarkdown('a\u001b]0;title\u0007b `\u001b[2J`', ascii)).toBe('ab ``');
  });

  it('ends a colour at a line and at a table cell', () => {
    const text = renderMarkdown(
      `| a | b |\n|---|---|\n| **${'word '.repeat(20)}end** | x |`,
      makeStyle({ color: true, width: 40 }),
    );
    for (const line of text.split('\n')) {
      expect(line.split('\u001b[1m').length).toBe(line.split('\u001b[22m').length);
    }
  });
});
