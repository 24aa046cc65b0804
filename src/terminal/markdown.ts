import { createRequire } from 'node:module';
import { Lexer, Marked, Parser, type RendererObject, type Token, type Tokens } from 'marked';
import { makeStyle, plain, type Style, table, wrap } from './style.ts';

/**
 * Markdown (GitHub's flavour) as text for a terminal: wrapped at the style's width, code blocks
 * indented and as they are, links followed by their address, comments dropped.
 *
 * The tokens are marked's, and marked-terminal renders the marks within a line. Blocks are laid out
 * here: marked-terminal neither wraps lists and tables nor renders the inline marks in a list.
 */
export function renderMarkdown(text: string, style: Style = makeStyle()): string {
  return blocks(new Lexer({ gfm: true }).lex(plain(text)), style, '').join('\n\n');
}

/** Each block as text of its own, every line of it behind `indent`. */
function blocks(tokens: readonly Token[], style: Style, indent: string): string[] {
  return tokens.map((token) => block(token, style, indent)).filter((text) => text !== null);
}

function block(token: Token, style: Style, indent: string): string | null {
  const flow = (inner: readonly Token[] | undefined): string =>
    wrap(inline(inner ?? [], style), style.width, indent);
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'html': {
      const visible = withoutTags(token.text);
      return visible === '' ? null : wrap(visible, style.width, indent);
    }
    case 'heading':
      return wrap(inline(token.tokens ?? [], style), style.width, indent)
        .split('\n')
        .map((line) => style.heading(line))
        .join('\n');
    case 'code':
      return (token.text as string)
        .split('\n')
        .map((line) => (line === '' ? '' : `${indent}    ${style.code(line)}`))
        .join('\n');
    case 'list':
      return list(token as Tokens.List, style, indent);
    case 'blockquote':
      return blocks(token.tokens ?? [], style, `${indent}${style.signs.bar} `).join(
        `\n${indent}${style.signs.bar}\n`,
      );
    case 'table': {
      const { header, rows } = token as Tokens.Table;
      const text = (cell: Tokens.TableCell): string => inline(cell.tokens, style);
      const drawn = table(
        header.map(text),
        rows.map((row) => row.map(text)),
        { ...style, width: style.width - indent.length },
      );
      return drawn.replace(/^/gm, indent);
    }
    case 'hr':
      return indent + style.signs.line.repeat(style.width - indent.length);
    case 'paragraph':
    case 'text':
      return flow(token.tokens ?? [token]);
    default:
      return wrap(entities(token.raw.trim()), style.width, indent);
  }
}

function list(token: Tokens.List, style: Style, indent: string): string {
  const start = typeof token.start === 'number' ? token.start : 1;
  const last = String(start + token.items.length - 1);
  const items = token.items.map((item, index) => {
    const mark = token.ordered
      ? `${String(start + index).padStart(last.length)}.`
      : style.signs.bullet;
    const box = item.task ? `[${item.checked === true ? 'x' : ' '}] ` : '';
    const head = `${indent}${mark} ${box}`;
    const inner = indent + ' '.repeat(mark.length + 1 + box.length);
    // A box is a token of its own in marked, drawn here with the mark.
    const tokens = item.tokens.filter(({ type }) => type !== 'checkbox');
    const text = blocks(tokens, style, inner).join(item.loose ? '\n\n' : '\n');
    return head + (text.startsWith(inner) ? text.slice(inner.length) : text);
  });
  return items.join(token.loose ? '\n\n' : '\n');
}

/** Text with its marks rendered, not wrapped. A line break in it is one that the author asked for. */
function inline(tokens: readonly Token[], style: Style): string {
  let parser = parsers.get(style);
  if (parser === undefined) {
    parser = inlineParser(style);
    parsers.set(style, parser);
  }
  return parser.parseInline([...tokens]);
}

const parsers = new WeakMap<Style, Parser>();

/** marked's parser with marked-terminal's renderer, in halab's own style, and cured where it goes wrong. */
function inlineParser(style: Style): Parser {
  // Loaded when the first text is shown: it takes a fifth of a second, which most commands need not pay.
  const { markedTerminal } = createRequire(import.meta.url)('marked-terminal') as {
    markedTerminal(options: object): { renderer: RendererObject };
  };
  const marked = new Marked(
    markedTerminal({
      strong: (text: string) => words(text, style.bold),
      em: (text: string) => words(text, style.italic),
      del: (text: string) => text,
      emoji: false,
    }),
  );
  marked.use({
    renderer: {
      text: (token) =>
        'tokens' in token && token.tokens !== undefined
          ? inline(token.tokens, style)
          : entities(token.text.replaceAll('\n', ' ')),
      // Without colour the marks stay: where a command ends must be seen.
      codespan: ({ text }) => (style.color ? words(text, style.code) : `\`${text}\``),
      html: () => '',
      image: ({ text, href }) => (text === '' ? `(${href})` : `${entities(text)} (${href})`),
      link({ href, tokens }) {
        const text = inline(tokens, style);
        const address = href.replace(/^mailto:/, '');
        return text === address || text === href ? text : `${text} (${address})`;
      },
    },
  });
  return new Parser(marked.defaults);
}

/** Word by word: a line or a table's cell may end between any two. */
const words = (text: string, paint: (word: string) => string): string =>
  text.replace(/\S+/g, paint);

const withoutTags = (html: string): string =>
  entities(html.replace(/<!--[\s\S]*?-->/g, '').replace(/<[^>]*>/g, '')).trim();

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** The few named character references that a lesson may use; others stay as they are. */
const entities = (text: string): string =>
  text.replace(/&(\w+);/g, (whole, name: string) => named[name] ?? whole);
