import { describe, expect, it } from 'vitest';
import { labInCommands } from '../../src/terminal/which-lab.ts';

const inDemo = (text: string): string => labInCommands(text, 'demo');

describe('labInCommands', () => {
  it.each([
    ['Next: halab up', 'Next: halab --lab demo up'],
    ['Carry on: halab --yes reset', 'Carry on: halab --lab demo --yes reset'],
    ['halab destroy, then halab up', 'halab --lab demo destroy, then halab --lab demo up'],
    [
      'Log in: halab shell node1. Learn: halab',
      'Log in: halab --lab demo shell node1. Learn: halab --lab demo',
    ],
    ['(halab checkpoint list)', '(halab --lab demo checkpoint list)'],
  ])('names the lab in %j', (text, typeable) => {
    expect(inDemo(text)).toBe(typeable);
    expect(inDemo(typeable), 'once only').toBe(typeable);
  });

  it.each([
    'halab doctor --fix',
    'halab destroy --all',
    'halab box build',
    'another halab is at work',
    'This computer can run halab upright.',
  ])('leaves %j alone', (text) => {
    expect(inDemo(text)).toBe(text);
  });

  it('leaves one alone that a line break has parted from its lab', () => {
    expect(inDemo('See: halab\n    --lab demo status')).toBe('See: halab\n    --lab demo status');
  });

  it('says nothing of the default lab', () => {
    expect(labInCommands('Next: halab up', 'default')).toBe('Next: halab up');
  });
});
