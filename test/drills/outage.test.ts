import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAskLog, readPingLog } from '../../src/drills/outage.ts';
import { judgeOutage } from '../../src/drills/run.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/outage/${name}.txt`, import.meta.url), 'utf8');

describe('readPingLog', () => {
  it('sees no outage while every sample is answered', () => {
    expect(readPingLog(recorded('steady'))).toEqual({
      seconds: 0,
      endedAgo: 0,
      recovered: true,
      samples: 11,
      lost: 0,
    });
  });

  it('counts up to the present while there is no answer', () => {
    expect(readPingLog(recorded('link-down'))).toEqual({
      seconds: 4.5,
      endedAgo: 0,
      recovered: false,
      samples: 53,
      lost: 38,
    });
  });

  it('measures the gap between the last answer before and the first after', () => {
    expect(readPingLog(recorded('link-back'))).toEqual({
      seconds: 4.6,
      endedAgo: 4.1,
      recovered: true,
      samples: 95,
      lost: 42,
    });
  });

  it('calls an empty log no recovery', () => {
    expect(readPingLog('now 1795389525.9')).toEqual({
      seconds: 0,
      endedAgo: 0,
      recovered: false,
      samples: 0,
      lost: 0,
    });
  });
});

describe('readAskLog', () => {
  const samples = (...lines: string[]): string => `${lines.join('\n')}\nnow 109.5\n`;

  it('sees no outage while every answer comes at once', () => {
    const text = samples('yes 107.0 107.1', 'yes 107.3 107.4', 'yes 109.2 109.3');
    expect(readAskLog(text)).toEqual({
      seconds: 0,
      endedAgo: 0,
      recovered: true,
      samples: 3,
      lost: 0,
    });
  });

  it('measures the gap between two answers with a refusal in it', () => {
    const text = samples('yes 100.0 100.1', 'no 100.3 101.3', 'no 101.5 102.5', 'yes 109.0 109.1');
    expect(readAskLog(text)).toEqual({
      seconds: 8,
      endedAgo: 0.4,
      recovered: true,
      samples: 4,
      lost: 2,
    });
  });

  it('takes an answer that was long in coming for an outage', () => {
    const text = samples('yes 100.0 100.1', 'yes 100.3 108.3', 'yes 109.0 109.1');
    expect(readAskLog(text)).toEqual({
      seconds: 7.2,
      endedAgo: 1.2,
      recovered: true,
      samples: 3,
      lost: 1,
    });
  });

  it('calls it no recovery when the newest sample was refused, or is still waiting', () => {
    expect(readAskLog(samples('yes 108.0 108.1', 'no 109.0 109.1')).recovered).toBe(false);
    expect(readAskLog(samples('yes 100.0 100.1'))).toEqual({
      seconds: 9.4,
      endedAgo: 0,
      recovered: false,
      samples: 1,
      lost: 0,
    });
  });
});

describe('judgeOutage', () => {
  const limits = { ping: '192.168.56.100', from: 'storage', below: 60, above: 0 };
  const outage = { seconds: 12.3, endedAgo: 0, recovered: true, samples: 300, lost: 120 };

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

  describe('of a service that nobody may mend', () => {
    const stands = { ...limits, below: null };

    it('passes when there is no answer to the end', () => {
      expect(judgeOutage({ ...outage, recovered: false }, stands, 'storage').passed).toBe(true);
    });

    it('refuses a service that came back', () => {
      const verdict = judgeOutage(outage, stands, 'storage');
      expect(verdict.passed).toBe(false);
      expect(verdict.evidence).toContain('something mended it');
    });
  });
});
