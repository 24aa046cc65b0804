import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

/** Longest time for something to show up, in milliseconds. */
const patience = 20_000;

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
}

/** A program in a real pseudo-terminal, and the screen that a person would see. */
export class TerminalProgram {
  readonly exit: Promise<number>;
  /** Everything that was written, escapes included. */
  raw = '';
  private readonly pty: IPty;
  private readonly screenOf: InstanceType<typeof xterm.Terminal>;
  private ended = false;
  /** The line of the answer given last: what is to be seen next comes after it. */
  private answered = 0;

  constructor(file: string, { env = {}, columns = 80 }: TerminalOptions = {}) {
    this.screenOf = new xterm.Terminal({
      cols: columns,
      rows: 24,
      scrollback: 5000,
      allowProposedApi: true,
    });
    const own = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
    };
    const launcher = fileURLToPath(new URL('run-typescript.mjs', import.meta.url));
    this.pty = spawn(process.execPath, [launcher, file], {
      cols: columns,
      rows: 24,
      env: { ...own, ...env },
    });
    this.pty.onData((data) => {
      this.raw += data;
      this.screenOf.write(data);
    });
    this.exit = new Promise((resolve) => {
      this.pty.onExit(({ exitCode }) => {
        this.ended = true;
        resolve(exitCode);
      });
    });
  }

  /** The lines on the screen and scrolled off it, from the first to the last that is not empty. */
  lines(): string[] {
    const { active } = this.screenOf.buffer;
    const lines = Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true) ?? '',
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Lines that the terminal itself had to break, since they were too long for it. */
  brokenLines(): string[] {
    const { active } = this.screenOf.buffer;
    return Array.from({ length: active.length }, (_, row) => active.getLine(row)).flatMap((line) =>
      line?.isWrapped === true ? [line.translateToString(true)] : [],
    );
  }

  screen(): string {
    return this.lines().join('\n');
  }

  /** Waits until the screen is as asked. @throws Error with the screen when it does not come to that. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + patience;
    while (!holds()) {
      if (Date.now() > deadline || this.ended) {
        // What was written last may still be on its way to the screen.
        await new Promise((resolve) => this.screenOf.write('', () => resolve(null)));
        if (holds()) return;
        throw new Error(
          `${what} did not come${this.ended ? ' before the program ended' : ''}. The screen:\n${this.screen()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until a text shows up after the answer given last; what was there before does not count. */
  see(text: string): Promise<void> {
    return this.until(`"${text}"`, () =>
      this.lines().slice(this.answered).join('\n').includes(text),
    );
  }

  /** Waits until that question stands open at the screen's end. */
  async asked(message: string): Promise<void> {
    await this.until(`the question "${message}"`, () => {
      const lines = this.lines();
      const question = lines.findLastIndex((line) => line.startsWith('? '));
      return (
        question >= 0 &&
        (lines[question] ?? '').startsWith(`? ${message}`) &&
        !lines.slice(question).some((line) => /^[✓+] /.test(line))
      );
    });
  }

  /** Types an answer to the question once it stands, and waits until it was taken. */
  async answer(message: string, key: string): Promise<void> {
    const taken = (): number =>
      this.lines().findLastIndex(
        (line) => /^[✓+] /.test(line) && line.slice(2).startsWith(message),
      );
    await this.asked(message);
    const before = taken();
    this.type(`${key}\r`);
    await this.until(`the answer to "${message}"`, () => taken() > before);
    this.answered = taken();
  }

  type(text: string): void {
    this.pty.write(text);
  }

  /** Ends the program if it still runs. */
  end(): void {
    if (!this.ended) this.pty.kill();
  }

  /** All that was written, without escapes. */
  written(): string {
    return stripVTControlCharacters(this.raw);
  }
}
