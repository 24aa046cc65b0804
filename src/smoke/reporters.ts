import { XMLBuilder } from 'fast-xml-parser';
import type { SmokeResult } from './results.ts';

/** Turns results into text as they come; `end` gives what closes the report. */
export interface SmokeReporter {
  result(result: SmokeResult): string;
  end(results: readonly SmokeResult[]): string;
}

const nameOf = ({ lesson, name }: SmokeResult): string => `${lesson}: ${name}`;

/** Test Anything Protocol 14: https://testanything.org/tap-version-14-specification.html */
function tap(): SmokeReporter {
  let count = 0;
  return {
    result(result) {
      count += 1;
      const head = count === 1 ? 'TAP version 14\n' : '';
      const comment = result.detail
        .split('\n')
        .map((line) => `  # ${line}\n`)
        .join('');
      const line = `${result.passed ? 'ok' : 'not ok'} ${count} - ${nameOf(result).replaceAll('#', '\\#')} # ${result.seconds.toFixed(1)} s\n`;
      return `${head}${line}${comment}`;
    },
    end: (results) => `1..${results.length}\n`,
  };
}

/** The JUnit XML that CI servers read: a suite for each lesson. */
function junit(): SmokeReporter {
  return {
    result: () => '',
    end(results) {
      const suites = [...new Set(results.map(({ lesson }) => lesson))].map((lesson) => {
        const own = results.filter((result) => result.lesson === lesson);
        return {
          '@_name': lesson,
          '@_tests': own.length,
          '@_failures': own.filter(({ passed }) => !passed).length,
          '@_time': own.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1),
          testcase: own.map((result) => ({
            '@_classname': lesson,
            '@_name': result.name,
            '@_time': result.seconds.toFixed(1),
            ...(result.passed
              ? { 'system-out': result.detail }
              : { failure: { '@_message': result.detail.split('\n')[0], '#text': result.detail } }),
          })),
        };
      });
      const builder = new XMLBuilder({ ignoreAttributes: false, format: true });
      return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuites: { testsuite: suites } })}`;
    },
  };
}

function json(): SmokeReporter {
  return { result: () => '', end: (results) => `${JSON.stringify({ results }, null, 2)}\n` };
}

/** The reporters by name. */
export const reporters = { tap, junit, json } as const satisfies Record<
  string,
  () => SmokeReporter
>;
export type ReporterName = keyof typeof reporters;
