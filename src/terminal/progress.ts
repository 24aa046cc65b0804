import type { Emit, WorkEvent } from '../events.ts';
import { clock, cut, plain, type Screen, type Style, styleOf, wrap } from './style.ts';

/** Where progress is written: standard error or output, or what a test collects. */
interface ProgressStream extends Screen {
  write(text: string): unknown;
}

/** Shows what long work says of itself. */
export interface ProgressRenderer {
  readonly emit: Emit;
  /**
   * Ends the showing: the screen is left with whole lines, and the steps under way are written as
   * stopped. What is emitted later shows no more, so that it cannot run into a question.
   */
  finish(): void;
}

export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** live: repainted in place; lines: one line for each change; json: one event a line. From the stream unless given. */
  readonly mode?: 'live' | 'lines' | 'json';
  readonly style?: Style;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/**
 * A renderer for the events of long work. The live one neither hides nor moves the cursor out of its
 * own lines, so there is nothing to restore when halab is stopped in the middle.
 */
export function showProgress(options: ProgressOptions): ProgressRenderer {
  const { stream } = options;
  const mode =
    options.mode ?? (stream.isTTY === true && process.env.TERM !== 'dumb' ? 'live' : 'lines');
  const board = new Board(
    options.style ?? styleOf(stream),
    options.now ?? (() => performance.now()),
  );
  if (mode === 'json') return jsonProgress(stream);
  return mode === 'live' ? liveProgress(stream, board) : lineProgress(stream, board);
}

interface Step {
  readonly title: string;
  readonly estimate: number | null;
  readonly started: number;
  text: string;
  fraction: number | null;
}

/** The steps under way, and how each is put into words. */
class Board {
  readonly style: Style;
  readonly now: () => number;
  readonly steps = new Map<string, Step>();

  constructor(style: Style, now: () => number) {
    this.style = style;
    this.now = now;
  }

  /** Takes an event in; returns the line that is now final, or null when none is. */
  take(event: WorkEvent): string | null {
    const { signs } = this.style;
    switch (event.type) {
      case 'step-started':
        this.steps.set(event.step, {
          title: plain(event.title),
          estimate: event.estimateSeconds ?? null,
          started: this.now(),
          text: '',
          fraction: null,
        });
        return null;
      case 'step-progress': {
        const step = this.steps.get(event.step);
        if (step !== undefined) {
          step.text = plain(event.text).replaceAll('\n', ' ').trim();
          step.fraction = event.fraction ?? null;
        }
        return null;
      }
      case 'step-done': {
        const title = this.remove(event.step);
        const text = event.text === undefined ? '' : `: ${plain(event.text)}`;
        return this.line(this.style.good(signs.good), `${title}${text} (${clock(event.seconds)})`);
      }
      case 'step-failed':
        return this.line(
          this.style.bad(signs.bad),
          `${this.remove(event.step)}: ${plain(event.text).trim() || 'failed'}`,
        );
      case 'note':
        return this.line(this.style.accent(signs.bullet), plain(event.text));
    }
  }

  /** "Making node2: waiting for ssh · 0:34 of about 1:20", on one line. */
  describe(step: Step): string {
    const { style } = this;
    const seconds = (this.now() - step.started) / 1000;
    const elapsed =
      step.estimate === null
        ? clock(seconds)
        : seconds <= step.estimate
          ? `${clock(seconds)} of about ${clock(step.estimate)}`
          : `${clock(seconds)}, longer than the usual ${clock(step.estimate)}`;
    const share =
      step.fraction === null ? '' : ` ${style.signs.between} ${Math.floor(step.fraction * 100)} %`;
    const times = `${share} ${style.signs.between} ${elapsed}`;
    const what = step.text === '' ? step.title : `${step.title}: ${step.text}`;
    // The last column stays free: some terminals break the line when it is written to.
    return `${style.accent(style.signs.started)} ${cut(what, style.width - 3 - times.length, style.signs.ellipsis)}${times}`;
  }

  line(sign: string, text: string): string {
    return wrap(text, this.style.width, `${sign} `, '  ');
  }

  /** The steps still under way, as lines that say so. Forgets them. */
  stopped(): string[] {
    const lines = [...this.steps.values()].map((step) =>
      this.line(
        this.style.warning(this.style.signs.warning),
        `${step.title}: stopped after ${clock((this.now() - step.started) / 1000)}`,
      ),
    );
    this.steps.clear();
    return lines;
  }

  private remove(name: string): string {
    const title = this.steps.get(name)?.title ?? name;
    this.steps.delete(name);
    return title;
  }
}

/** How often a live view is painted anew at most, in milliseconds: clocks tick, and no more. */
const repaintEvery = 500;
/** More steps than this are counted, not shown. */
const mostSteps = 8;

function liveProgress(stream: ProgressStream, board: Board): ProgressRenderer {
  let painted = 0;
  let finished = false;
  const clear = (): string => (painted === 0 ? '' : `\r\u001b[${painted}A\u001b[J`);
  const paint = (final: string | null): void => {
    const steps = [...board.steps.values()];
    const lines = steps.slice(0, mostSteps).map((step) => board.describe(step));
    if (steps.length > mostSteps) lines.push(`  and ${steps.length - mostSteps} more`);
    const text = [...(final === null ? [] : [final]), ...lines].map((line) => `${line}\n`).join('');
    stream.write(clear() + text);
    painted = lines.length;
  };
  const timer = setInterval(() => board.steps.size > 0 && paint(null), repaintEvery);
  timer.unref();
  return {
    emit(event) {
      if (finished) return;
      const final = board.take(event);
      if (final !== null || event.type === 'step-started') paint(final);
    },
    finish() {
      if (finished) return;
      finished = true;
      clearInterval(timer);
      stream.write(
        clear() +
          board
            .stopped()
            .map((line) => `${line}\n`)
            .join(''),
      );
    },
  };
}

/** Texts of one step are written this far apart at least, in milliseconds. */
const textEvery = 5000;

function lineProgress(stream: ProgressStream, board: Board): ProgressRenderer {
  const said = new Map<string, { text: string; at: number }>();
  let finished = false;
  const say = (line: string): void => {
    stream.write(`${line}\n`);
  };
  const { signs } = board.style;
  return {
    emit(event) {
      if (finished) return;
      const final = board.take(event);
      if (final !== null) say(final);
      if (event.type === 'step-started') {
        const estimate =
          event.estimateSeconds === undefined ? '' : ` (about ${clock(event.estimateSeconds)})`;
        say(board.line(signs.bullet, `${plain(event.title)} ${signs.ellipsis}${estimate}`));
        said.set(event.step, { text: '', at: Number.NEGATIVE_INFINITY });
      }
      if (event.type === 'step-progress') {
        const step = board.steps.get(event.step);
        const last = said.get(event.step);
        if (
          step === undefined ||
          last === undefined ||
          step.text === last.text ||
          board.now() - last.at < textEvery
        )
          return;
        said.set(event.step, { text: step.text, at: board.now() });
        say(board.line(signs.bullet, `${step.title}: ${step.text}`));
      }
    },
    finish() {
      if (finished) return;
      finished = true;
      for (const line of board.stopped()) say(line);
    },
  };
}

function jsonProgress(stream: ProgressStream): ProgressRenderer {
  let finished = false;
  return {
    emit(event) {
      if (!finished) stream.write(`${JSON.stringify(event)}\n`);
    },
    finish() {
      finished = true;
    },
  };
}
