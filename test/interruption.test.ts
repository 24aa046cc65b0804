import { describe, expect, it, vi } from 'vitest';
import { interruption, inViewOfInterruption } from '../src/commands/context.ts';
import { assertGoesOn, onAbort } from '../src/interruption.ts';

describe('a signal to end', () => {
  it('is heard at once when it came before', () => {
    const act = vi.fn();
    onAbort(AbortSignal.abort(), act);
    expect(act).toHaveBeenCalledTimes(1);
  });

  it('is heard once when it comes, and not after one has stopped listening', () => {
    const controller = new AbortController();
    const [heard, unheard] = [vi.fn(), vi.fn()];
    onAbort(controller.signal, heard);
    onAbort(controller.signal, unheard)();
    expect(heard).not.toHaveBeenCalled();
    controller.abort();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(unheard).not.toHaveBeenCalled();
    expect(() => onAbort(undefined, heard)()).not.toThrow();
  });

  it('ends what is between two steps with exit code 130', () => {
    expect(() => assertGoesOn(undefined)).not.toThrow();
    expect(() => assertGoesOn(new AbortController().signal)).not.toThrow();
    expect(() => assertGoesOn(AbortSignal.abort())).toThrow(
      expect.objectContaining({ exitCode: 130 }),
    );
  });
});

describe('the exit code', () => {
  it('of what fails after a Ctrl-C is 130, and of what is done all the same is 0', () => {
    const before = process.listeners('SIGINT');
    const signal = interruption();
    const [stop] = process.listeners('SIGINT').filter((one) => !before.includes(one));
    expect(inViewOfInterruption(3)).toBe(3);
    stop?.('SIGINT');
    expect(signal.aborted).toBe(true);
    expect([0, 1, 2, 3, 130].map((code) => inViewOfInterruption(code as 0))).toEqual([
      0, 130, 130, 130, 130,
    ]);
  });
});
