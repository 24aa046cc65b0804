import xterm from '@xterm/headless';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkEvent } from '../../src/events.ts';
import { showProgress } from '../../src/terminal/progress.ts';
import { makeStyle } from '../../src/terminal/style.ts';

/** A stream that keeps what is written, and a terminal of 80 columns that shows it. */
function screen() {
  const terminal = new xterm.Terminal({
    cols: 80,
    rows: 10,
    convertEol: true,
    allowProposedApi: true,
  });
  let written = '';
  return {
    stream: {
      isTTY: true,
      columns: 80,
      write: (text: string) => {
        written += text;
        terminal.write(text);
      },
    },
    written: () => written,
    async lines(): Promise<string[]> {
      await new Promise<void>((resolve) => terminal.write('', resolve));
      const { active } = terminal.buffer;
      const lines = Array.from(
        { length: active.length },
        (_, row) => active.getLine(row)?.translateToString(true) ?? '',
      );
      while (lines.at(-1) === '') lines.pop();
      return lines;
    },
  };
}

const started: WorkEvent = {
  type: 'step-started',
  step: 'node2',
  title: 'Making node2',
  estimateSeconds: 80,
};

describe('live', () => {
  // xterm writes by timers of its own, so only the repainting is put off.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('shows what happens, how long it takes and how long it should', async () => {
    const { stream, lines } = screen();
    let now = 0;
    const { emit } = showProgress({ stream, mode: 'live', style: makeStyle(), now: () => now });
    emit({ type: 'step-started', step: 'node1', title: 'Making node1' });
    emit(started);
    emit({ type: 'step-progress', step: 'node2', text: 'waiting for ssh', fraction: 0.456 });
    now = 34_000;
    vi.advanceTimersByTime(600);
    expect(await lines()).toEqual([
      '◐ Making node1 · 0:34',
      '◐ Making node2: waiting for ssh · 45 % · 0:34 of about 1:20',
    ]);
    now = 100_000;
    vi.advanceTimersByTime(600);
    expect((await lines())[1]).toBe(
      '◐ Making node2: waiting for ssh · 45 % · 1:40, longer than the usual 1:20',
    );
  });

  it('leaves what is done above what goes on, in the order in which it ended', async () => {
    const { stream, lines } = screen();
    const { emit, finish } = showProgress({
      stream,
      mode: 'live',
      style: makeStyle(),
      now: () => 0,
    });
    emit({ type: 'step-started', step: 'node1', title: 'Making node1' });
    emit(started);
    emit({ type: 'step-done', step: 'node2', seconds: 75 });
    emit({
      type: 'note',
      text: 'A note that is so long that it needs more than one line of the eighty columns of a terminal.',
    });
    expect(await lines()).toEqual([
      '✓ Making node2 (1:15)',
      '• A note that is so long that it needs more than one line of the eighty columns',
      '  of a terminal.',
      '◐ Making node1 · 0:00',
    ]);
    emit({ type: 'step-failed', step: 'node1', text: 'no memory' });
    finish();
    expect((await lines()).slice(3)).toEqual(['✗ Making node1: no memory']);
  });

  it('never writes a line that the terminal would break', async () => {
    const { stream, lines } = screen();
    const { emit } = showProgress({ stream, mode: 'live', style: makeStyle(), now: () => 0 });
    emit({ ...started, title: 'Making a machine with quite a long title' });
    emit({
      type: 'step-progress',
      step: 'node2',
      text: 'a text that would need far more than one line of the terminal',
    });
    vi.advanceTimersByTime(600);
    const [line = ''] = await lines();
    expect(line.length).toBeLessThan(80);
    expect(line).toMatch(/^◐ Making a machine .*… · 0:00 of about 1:20$/);
  });

  it('counts the steps that do not fit', async () => {
    const { stream, lines } = screen();
    const { emit } = showProgress({ stream, mode: 'live', style: makeStyle(), now: () => 0 });
    for (let number = 1; number <= 11; number += 1)
      emit({ type: 'step-started', step: `s${number}`, title: `Step ${number}` });
    expect((await lines()).at(-1)).toBe('  and 3 more');
  });

  it('says what was stopped, and then leaves the screen alone', async () => {
    const { stream, lines, written } = screen();
    let now = 0;
    const { emit, finish } = showProgress({
      stream,
      mode: 'live',
      style: makeStyle(),
      now: () => now,
    });
    emit(started);
    now = 5000;
    finish();
    expect(await lines()).toEqual(['! Making node2: stopped after 0:05']);
    const before = written();
    emit({ type: 'note', text: 'late' });
    finish();
    vi.advanceTimersByTime(5000);
    expect(written()).toBe(before);
    expect(before).not.toContain('\u001b[?25l');
  });
});

describe('without a terminal', () => {
  it('writes a line for each change, texts no faster than every five seconds, and no escape', () => {
    let text = '';
    let now = 0;
    const stream = { write: (more: string) => (text += more) };
    const { emit, finish } = showProgress({ stream, style: makeStyle(), now: () => now });
    emit(started);
    emit({ type: 'step-progress', step: 'node2', text: 'copying the disk' });
    emit({ type: 'step-progress', step: 'node2', text: 'turning it on' });
    now = 6000;
    emit({ type: 'step-progress', step: 'node2', text: 'booting', fraction: 0.1 });
    now = 20_000;
    emit({ type: 'step-progress', step: 'node2', text: 'booting', fraction: 0.2 });
    emit({ type: 'step-done', step: 'node2', seconds: 75, text: 'answers' });
    emit({ type: 'step-started', step: 'node1', title: 'Making node1' });
    now = 21_000;
    finish();
    emit({ type: 'note', text: 'late' });
    expect(text.split('\n')).toEqual([
      '• Making node2 … (about 1:20)',
      '• Making node2: copying the disk',
      '• Making node2: booting',
      '✓ Making node2: answers (1:15)',
      '• Making node1 …',
      '! Making node1: stopped after 0:01',
      '',
    ]);
  });

  it('writes events as JSON lines', () => {
    const lines: string[] = [];
    const { emit } = showProgress({
      stream: { write: (line: string) => lines.push(line) },
      mode: 'json',
    });
    emit(started);
    emit({ type: 'note', text: 'two\nlines' });
    expect(
      lines.map(
        (line) => line.endsWith('\n') && !line.slice(0, -1).includes('\n') && JSON.parse(line),
      ),
    ).toEqual([started, { type: 'note', text: 'two\nlines' }]);
  });
});
