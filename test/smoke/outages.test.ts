import { describe, expect, it } from 'vitest';
import { renderOutages, timesDocument } from '../../src/smoke/outages.ts';
import type { SmokeResult } from '../../src/smoke/results.ts';

const drill = (lesson: string, id: string, outageSeconds: number): SmokeResult => ({
  lesson,
  name: `drill ${id}`,
  passed: true,
  seconds: 60,
  detail: '',
  outageSeconds,
  parts: { detection: 10.04, fencing: null, promotion: 2.5, start: 4 },
});

const on = (day: string) => ({
  at: new Date(`2026-11-${day}T12:00:00Z`),
  halab: '1.2.3',
  flavour: 'pcs',
  processor: 'a processor',
  cores: 2,
  accelerator: 'KVM',
  provider: 'libvirt',
  software: 'pacemaker 3.0.0-5',
});

const tableOf = (document: string): string[] =>
  document.split('\n').filter((line) => line.startsWith('| '));

describe('the document on failover times', () => {
  const order = ['virtual-ip', 'nfs-mount', 'drbd'];
  const first = timesDocument(
    [drill('virtual-ip', 'power-cut', 17.12), drill('drbd', 'power-cut', 40)],
    on('22'),
    { before: null, order },
  );

  it('has a row for each drill that measured an outage', () => {
    expect(tableOf(first)).toEqual([
      '| lesson | drill | outage | detection | fencing | promotion | start | measured |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
      '| virtual-ip | power-cut | 17.1 | 10.0 | - | 2.5 | 4.0 | 2026-11-22, pcs, 2 cores, KVM |',
      '| drbd | power-cut | 40.0 | 10.0 | - | 2.5 | 4.0 | 2026-11-22, pcs, 2 cores, KVM |',
    ]);
  });

  it('says what ran on the machines', () => {
    expect(first).toContain('- on a node at that time: pacemaker 3.0.0-5\n');
  });

  it('keeps the rows of drills that a later run did not play', () => {
    const second = timesDocument(
      [drill('virtual-ip', 'power-cut', 20), drill('nfs-mount', 'power-cut', 50)],
      on('23'),
      { before: first, order },
    );
    expect(tableOf(second).slice(2)).toEqual([
      '| virtual-ip | power-cut | 20.0 | 10.0 | - | 2.5 | 4.0 | 2026-11-23, pcs, 2 cores, KVM |',
      '| nfs-mount | power-cut | 50.0 | 10.0 | - | 2.5 | 4.0 | 2026-11-23, pcs, 2 cores, KVM |',
      '| drbd | power-cut | 40.0 | 10.0 | - | 2.5 | 4.0 | 2026-11-22, pcs, 2 cores, KVM |',
    ]);
  });
});

describe('the outages after a smoke', () => {
  it('are a table, and nothing when none was measured', () => {
    expect(renderOutages([drill('drbd', 'power-cut', 40)])).toBe(
      'lesson  drill      outage  detection  fencing  promotion  start\n' +
        'drbd    power-cut    40.0       10.0        -        2.5    4.0\n',
    );
    expect(renderOutages([])).toBe('');
  });
});
