import inquirer from 'inquirer';
import { type Style, styleOf } from './style.ts';

/** Somebody left by Ctrl-C, Ctrl-D or a closed terminal, or work was ended so. */
export class Interrupted extends Error {}

/** One line of a menu. */
export interface Choice<T> {
  /** What is typed to choose it: a letter or a number. */
  readonly key: string;
  readonly name: string;
  readonly value: T;
}

export interface Menu<T> {
  readonly message: string;
  readonly choices: readonly Choice<T>[];
  /** What Enter alone chooses. */
  readonly default?: T;
}

/**
 * Asks for one of the choices: its key and Enter, or the arrow keys. The cursor stays at the question
 * and the list goes once it is answered, so that slow terminals and screen readers can follow.
 * @throws Interrupted on Ctrl-C and Ctrl-D.
 */
export async function choose<T>(menu: Menu<T>): Promise<T> {
  const choices = menu.choices.map(({ key, name, value }) => ({ key, name, short: name, value }));
  return (await ask({
    type: 'rawlist',
    message: menu.message,
    choices,
    ...(menu.default === undefined ? {} : { default: menu.default }),
  })) as T;
}

/** Asks for yes or no. @throws Interrupted on Ctrl-C and Ctrl-D. */
export async function agree(message: string, fallback = true): Promise<boolean> {
  return (await ask({ type: 'confirm', message, default: fallback })) === true;
}

async function ask(question: Record<string, unknown>): Promise<unknown> {
  const leave = new AbortController();
  // readline closes on Ctrl-D and inquirer waits for ever: end the question here.
  const onKey = (
    _text: string | undefined,
    key: { ctrl?: boolean; name?: string } | undefined,
  ): void => {
    if (key?.ctrl === true && key.name === 'd') leave.abort();
  };
  const onEnd = (): void => leave.abort();
  process.stdin.on('keypress', onKey);
  process.stdin.once('end', onEnd);
  process.stdout.write('\n');
  try {
    const prompt = inquirer.createPromptModule({ signal: leave.signal });
    const { answer } = (await prompt([
      { ...question, name: 'answer', theme: themeOf(styleOf(process.stdout)) } as never,
    ])) as { answer: unknown };
    return answer;
  } catch (error) {
    if (
      error instanceof Error &&
      ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'].includes(error.name)
    )
      throw new Interrupted();
    throw error;
  } finally {
    process.stdin.off('keypress', onKey);
    process.stdin.off('end', onEnd);
  }
}

/** inquirer colours by itself whatever NO_COLOR says (util.styleText of Node 20), so it is given halab's own style. */
function themeOf(style: Style): object {
  return {
    prefix: { idle: style.accent('?'), done: style.good(style.signs.good) },
    style: {
      answer: style.bold,
      message: style.bold,
      error: () => style.bad('That is not one of the choices.'),
      defaultAnswer: (text: string) => `(${text})`,
      help: (text: string) => text,
      highlight: style.accent,
      description: (text: string) => text,
      key: (text: string) => style.accent(`<${text}>`),
    },
  };
}
