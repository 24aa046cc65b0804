import { describe, expect, it, vi } from 'vitest';
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
