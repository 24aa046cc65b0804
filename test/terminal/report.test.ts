import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadCourse } from '../../src/course/load.ts';
import { emptyProgress, taskDone } from '../../src/course/progress.ts';
import type { DrillReport } from '../../src/drills/run.ts';
import { ExitCode, HalabError } from '../../src/errors.ts';
import {
  renderDrill,
  renderError,
  renderFindings,
  renderHint,
  renderLesson,
  renderLessonEnd,
  renderLessons,
  renderSolution,
  renderStatus,
  renderTask,
  renderVerdicts,
} from '../../src/terminal/report.ts';
import { makeStyle } from '../../src/terminal/style.ts';

const style = makeStyle();
const machines = [
  { name: 'node1', role: 'node', ip: '192.168.56.11' },
  { name: 'node2', role: 'node', ip: '192.168.56.12' },
  { name: 'storage', role: 'storage', ip: '192.168.56.13' },
] as const;
const course = loadCourse(fileURLToPath(new URL('course', import.meta.url)), {
  machines,
  variables: {
    vip: '192.168.56.100',
    vname: 'www.halab.test',
    node1_ip: '192.168.56.11',
    node2_ip: '192.168.56.12',
    storage_ip: '192.168.56.13',
    prefix: '24',
    network: '192.168.56.0',
    device: 'eth1',
  },
});
const [names, address] = course.lessons;
if (names === undefined || address === undefined)
  throw new Error('the test course has two lessons');
const [hosts] = names.tasks;
const [free] = address.tasks;
if (hosts === undefined || free === undefined) throw new Error('each has a task');

const golden = (text: string, name: string): Promise<void> =>
  expect(`${text}\n`).toMatchFileSnapshot(`golden/${name}.txt`);

const verdicts = [
  {
    passed: true,
    expectation: '/etc/hosts on node1 and node2 says that node1 is 192.168.56.11',
    evidence: 'node1 and node2 know node1 as 192.168.56.11.',
  },
  {
    passed: false,
    expectation:
      '192.168.56.100 is on exactly one node, and a resource of the cluster put it there, started and managed',
    evidence:
      'node2 has 192.168.56.100, but no resource of the cluster manages it: it was added by hand.\n\u001b[31mip address show\u001b[0m lists it on eth1.',
  },
];

const drill: DrillReport = {
  drill: 'power-cut',
  title: 'Pull the plug on the active node',
  passed: true,
  fault: 'The power of node1 was cut.',
  outage: {
    seconds: 29.31,
    endedAgo: 4,
    recovered: true,
    samples: 900,
    lost: 293,
    client: 'storage',
    limitSeconds: 90,
    parts: { detection: 11.2, fencing: null, promotion: 2, start: 16.1 },
    verdict: {
      passed: true,
      expectation: 'storage reaches 192.168.56.100 again in less than 90 s',
      evidence: '29.3 s without an answer.',
    },
  },
  verdicts: verdicts.slice(0, 1),
};

describe('reports in 80 columns', () => {
  it('verdicts', () => golden(renderVerdicts(verdicts, style), 'verdicts'));

  it('findings', () =>
    golden(
      renderFindings(
        [
          {
            id: 'ssh',
            title: 'OpenSSH client',
            status: 'ok',
            found: 'OpenSSH_9.2p1',
            needed: 'ssh',
            fix: null,
          },
          {
            id: 'vagrant',
            title: 'Vagrant',
            status: 'too-old',
            found: 'Vagrant 2.2.19',
            needed: 'Vagrant 2.3 or newer',
            fix: {
              explain: 'Install the package of your distribution, or a newer one from its maker.',
              packages: ['vagrant'],
              commands: ['sudo apt-get install --no-install-recommends vagrant'],
            },
          },
          {
            id: 'kvm',
            title: 'Hardware acceleration',
            status: 'warning',
            found: '/dev/kvm is there, but a guest does not boot with it',
            needed: 'KVM',
            fix: null,
          },
          {
            id: 'disk',
            title: 'Disk',
            status: 'missing',
            found: '100 MiB are free',
            needed: '4096 MiB',
            fix: { explain: 'Make room.', packages: [], commands: [] },
          },
        ],
        style,
      ),
      'findings',
    ));

  it('a drill that passed', () => golden(renderDrill(drill, style), 'drill'));

  it('a drill that failed', async () => {
    const { outage } = drill;
    if (outage === null) throw new Error('this drill measures one');
    const verdict = {
      passed: false,
      expectation: outage.verdict.expectation,
      evidence: 'It has no answer now.',
    };
    await golden(
      renderDrill(
        { ...drill, passed: false, outage: { ...outage, recovered: false, verdict } },
        style,
      ),
      'drill-failed',
    );
  });

  it('a drill without a measurement', () => {
    expect(renderDrill({ ...drill, outage: null }, style)).not.toContain('Outage');
  });

  it('a status', () =>
    golden(
      renderStatus(
        {
          lab: 'default',
          provider: 'rootless (software emulation)',
          machines: machines.map((machine) => ({
            ...machine,
            state:
              machine.name === 'node2'
                ? 'running, but does not answer: connection refused after 5 seconds of trying'
                : 'running',
          })),
          facts: [
            ['Lesson', 'A virtual IP that moves, task 2 of 4'],
            ['Disk', '1.2 GiB'],
          ],
        },
        style,
      ),
      'status',
    ));

  it('the lessons', async () => {
    await golden(renderLessons(course, emptyProgress(), style), 'lessons');
    const done = taskDone(emptyProgress(), 'names', 'hosts', 'seen', new Date());
    await golden(renderLessons(course, done, style), 'lessons-done');
  });

  it('a lesson, a task, a hint, a solution, an end', () =>
    golden(
      [
        renderLesson(course, names, style),
        renderTask(names, hosts, style),
        renderHint(hosts, 1, undefined, style),
        renderSolution(hosts, 'pcs', style),
        renderSolution(free, 'crmsh', style),
        renderLessonEnd(names, style),
      ].join('\n\n'),
      'lesson',
    ));
});

describe('a hint', () => {
  it('says first what the task lacks', () => {
    const missing = { passed: false, expectation: 'node1 knows node2', evidence: 'It does not.' };
    expect(renderHint(hosts, 0, missing, style)).toMatch(
      /^What is missing first.*\n✗ node1 knows node2\n {4}It does not\.\n\nHint 1 of 2\n/,
    );
  });

  it('says that nothing is missing any more', () => {
    expect(renderHint(hosts, 0, null, style)).toMatch(/^By now nothing is missing any more/);
  });
});

describe('errors', () => {
  const error = new HalabError('The machines could not all be brought up.', {
    reason: 'vagrant up ended with exit code 1:\nnot enough memory',
    next: 'halab doctor',
    exitCode: ExitCode.broken,
  });

  it('says what, why and what next, without a stack', () => {
    expect(renderError(error, { style })).toBe(
      [
        '✗ The machines could not all be brought up.',
        '  vagrant up ended with exit code 1:',
        '  not enough memory',
        '  Next: halab doctor',
      ].join('\n'),
    );
  });

  it('shows the stack when asked to', () => {
    expect(renderError(error, { style, verbose: true })).toContain('report.test.ts');
  });

  it('calls anything else a mistake of its own, with the stack', () => {
    const text = renderError(new TypeError('x is undefined'), { style });
    expect(text).toContain('mistake in halab itself: x is undefined');
    expect(text).toContain('report.test.ts');
  });

  it('shows what was thrown when that is no error', () => {
    expect(renderError({ odd: true }, { style })).toContain('odd: true');
  });
});
