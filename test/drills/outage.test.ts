import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPingLog } from '../../src/drills/outage.ts';
import { judgeOutage } from '../../src/drills/run.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/outage/${name}.txt`, import.meta.url), 'utf8');

describe('readPingLog', () => {
  it('sees no outage while every sample is answered', () => {
    expect(readPingLog(recorded('steady'))).toEqual({
      seconds: 0,
      recovered: true,
      samples: 11,
      lost: 0,
    });
  });

  it('counts up to the present while there is no answer', () => {
    expect(readPingLog(recorded('link-down'))).toEqual({
      seconds: 4.5,
      recovered: false,
      samples: 53,
      lost: 38,
    });
  });

  it('measures the gap between the last answer before and the first after', () => {
    expect(readPingLog(recorded('link-back'))).toEqual({
      seconds: 4.6,
      recovered: true,
      samples: 95,
      lost: 42,
    });
  });

  it('calls an empty log no recovery', () => {
    expect(readPingLog('now 1795389525.9')).toEqual({
      seconds: 0,
      recovered: false,
      samples: 0,
      lost: 0,
    });
  });
});

describe('judgeOutage', () => {
  const limits = { ping: '192.168.56.100', below: 60, above: 0 };
  const outage = { seconds: 12.3, recovered: true, samples: 300, lost: 120 };

  it('passes an outage within the limits, with the figure', () => {
    const verdict = judgeOutage(outage, limits, 'storage');
    expect(verdict.passed).toBe(true);
    expect(verdict.evidence).toContain('12.3 s (120 of 300 samples lost');
  });

  it.each([
    [{ ...outage, seconds: 60 }, 'too long'],
    [{ ...outage, seconds: 0, lost: 0 }, 'nothing was interrupted'],
    [{ ...outage, recovered: false }, 'has none now'],
  ])('refuses %o', (seen, reason) => {
    const verdict = judgeOutage(seen, limits, 'storage');
    expect(verdict.passed).toBe(false);
    expect(verdict.evidence).toContain(reason);
  });
});
