import { describe, expect, it } from 'vitest';
import { judge } from '../../src/checks/index.ts';
import { isFound, isPattern } from '../../src/checks/pattern.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { machines, recordedNames, recordedState } from '../fixtures/load.ts';

const letters = `${'a'.repeat(40)}!`;

describe('a pattern of a lesson', () => {
  it.each(['(a+)+$', '(a|a)*$', '([a-z]+)*\\d', '^(\\w+\\s?)*$'])(
    'that runs away is given up in time: %s',
    (pattern) => {
      expect(isPattern(pattern)).toBe(true);
      const started = performance.now();
      expect(isFound(pattern, letters)).toBeNull();
      expect(performance.now() - started).toBeLessThan(10_000);
    },
  );

  it.each([
    ['^b', 'a\nb', true],
    ['(a+)+$', 'aaa', true],
    ['(a+)+b', 'xyz', false],
    ['"says"', 'it "says" so', true],
    ['', '', true],
  ])('is looked for line by line: %s', (pattern, text, found) => {
    expect(isFound(pattern, text)).toBe(found);
  });

  it.each(['(', '[b-a]', '*'])('is none: %s', (pattern) => {
    expect(isPattern(pattern)).toBe(false);
  });
});

describe('a check whose pattern runs away', () => {
  const [name = ''] = recordedNames();
  const state = recordedState(name);
  const run = 'cat /file';
  const answered: ClusterState = {
    ...state,
    machines: Object.fromEntries(
      Object.entries(state.machines).map(([machine, seen]) => [
        machine,
        seen.reachable ? { ...seen, answers: { [run]: { output: letters, exitCode: 0 } } } : seen,
      ]),
    ),
  };

  // "nowhere" would be a pass, were what cannot be told taken for a no.
  it.each(['nodes', 'one-node', 'nowhere'] as const)('does not pass, on: %s', (on) => {
    const check = { answer: { what: 'it says so', run, on, says: '(a+)+$', exit: 0 } };
    expect(judge(check, answered, machines)).toMatchObject({
      passed: false,
      evidence: expect.stringContaining(
        'does not come to an end. That is a mistake in the lesson.',
      ),
    });
  });
});
