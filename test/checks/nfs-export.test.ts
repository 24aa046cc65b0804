import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/checks/index.ts';
import { wrongTurns } from '../../src/checks/wrong-turns.ts';
import { loadCourse } from '../../src/course/load.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { lessonsFolder } from '../../src/paths.ts';
import { machines, recordedState } from '../fixtures/load.ts';

const course = loadCourse(join(lessonsFolder, 'pacemaker'), imaginaryLab('test'));
const lesson = course.lessons.find(({ id }) => id === 'nfs-export');

/** What a learner reads of the checks of a task that a recorded state does not pass. */
function refusals(name: string, taskId: string): string[] {
  const task = lesson?.tasks.find(({ id }) => id === taskId);
  if (task === undefined) throw new Error(`no task ${taskId}`);
  const state = recordedState(name);
  return task.checks
    .map((check) => judge(check, state, machines))
    .filter(({ passed }) => !passed)
    .map(({ evidence }) => evidence);
}

const notesOn = (name: string): string[] => wrongTurns({ state: recordedState(name), machines });

describe('nfs-export', () => {
  it.each(['serve', 'client'])('passes the task %s when it is done as the text says', (task) => {
    expect(refusals('nfs-export-done', task)).toEqual([]);
    expect(notesOn('nfs-export-done')).toEqual([]);
  });

  const wrong: [state: string, task: string, evidence: string][] = [
    ['nfs-mount-done', 'clear', 'web-files'],
    ['nfs-mount-done', 'clear', '/srv/web is mounted on'],
    ['nfs-mount-done', 'clear', 'nfs-server.service'],
    ['nfs-export-unit-enabled', 'serve', 'On node2 nfs-server.service is enabled'],
    ['nfs-export-own-client', 'client', 'www.halab.test:/srv/share'],
    ['nfs-export-not-by-name', 'client', 'not from www.halab.test:/srv/share'],
    ['nfs-export-vip-first', 'serve', 'It is the other way round: vip is started before share.'],
    ['nfs-export-by-chance', 'serve', 'No group and no order makes share wai'],
  ];
  it.each(wrong)('refuses %s in the task %s', (state, task, evidence) => {
    expect(refusals(state, task).join('\n')).toContain(evidence);
  });

  it('names the mistake beside what it refuses', () => {
    expect(notesOn('nfs-export-unit-enabled').join()).toContain('beside the cluster');
    expect(notesOn('nfs-export-own-client').join()).toContain('must not be its own client');
  });
});
