import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../../src/cluster/parse/xml.ts';
import { schedulerInputs } from '../../src/report/collect.ts';

/** What the report's script printed on a node of a real cluster. */
const recorded = readFileSync(
  new URL('../fixtures/report/scheduler-inputs.txt', import.meta.url),
  'utf8',
);

describe("the scheduler's inputs in a report", () => {
  it('are a file each, named as Pacemaker named them and by their time', () => {
    const inputs = schedulerInputs(recorded);
    expect(inputs.map(({ file }) => file)).toEqual([
      'pe-warn-0-at-2026-11-30T080134+0000.xml',
      expect.stringMatching(/^pe-(input|warn)-\d+-at-2026-11-30T\d{6}\+0000\.xml$/),
    ]);
    for (const { xml } of inputs) {
      expect(xml).toMatch(/^<cib /);
      expect(() => parseXml(xml)).not.toThrow();
    }
  });

  it('are none where there is no cluster', () => {
    expect(schedulerInputs('')).toEqual([]);
  });
});
