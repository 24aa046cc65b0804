import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { reporters } from '../../src/smoke/reporters.ts';
import type { SmokeResult } from '../../src/smoke/results.ts';

const results: SmokeResult[] = [
  {
    lesson: 'virtual-ip',
    name: 'task vip: passes',
    passed: true,
    detail: 'yes: started once.',
    seconds: 12.34,
  },
  {
    lesson: 'virtual-ip',
    name: 'drill power-cut',
    passed: false,
    detail: 'NO: too long & <late>.\nmore',
    seconds: 99,
    outageSeconds: 91.2,
  },
];

describe('the reporters', () => {
  it('tap numbers the results and closes with the plan', () => {
    const reporter = reporters.tap();
    const text = results.map((result) => reporter.result(result)).join('') + reporter.end(results);
    expect(text.split('\n')).toEqual([
      'TAP version 14',
      'ok 1 - virtual-ip: task vip: passes # 12.3 s',
      '  # yes: started once.',
      'not ok 2 - virtual-ip: drill power-cut # 99.0 s',
      '  # NO: too long & <late>.',
      '  # more',
      '1..2',
      '',
    ]);
  });

  it('junit is valid XML with a failure for what failed', () => {
    const text = reporters.junit().end(results);
    expect(XMLValidator.validate(text)).toBe(true);
    const { testsuites } = new XMLParser({ ignoreAttributes: false }).parse(text);
    expect(testsuites.testsuite['@_failures']).toBe('1');
    expect(testsuites.testsuite.testcase[1].failure['@_message']).toBe('NO: too long & <late>.');
  });

  it('json holds the measured outage', () => {
    expect(JSON.parse(reporters.json().end(results)).results[1].outageSeconds).toBe(91.2);
  });
});
