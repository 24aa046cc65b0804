import { describe, expect, it } from 'vitest';
import { judge, machinesAbout } from '../../src/checks/index.ts';
import { checksOfCourse } from '../fixtures/course.ts';
import { machines, recordedNames, recordedState } from '../fixtures/load.ts';

const names = (checks: Parameters<typeof machinesAbout>[0]): string[] =>
  machinesAbout(checks, machines).map(({ name }) => name);

describe('the machines that checks are about', () => {
  it('are the nodes, and others that a check names', () => {
    expect(names([])).toEqual(['node1', 'node2']);
    expect(names([{ online: { nodes: 'all' } }])).toEqual(['node1', 'node2']);
    expect(names([{ unit: { name: 'cups', active: true, on: 'node1' } }])).toEqual([
      'node1',
      'node2',
    ]);
    expect(names([{ unit: { name: 'tgt', active: true, on: 'storage' } }])).toContain('storage');
    expect(names([{ hosts: { name: 'node1', ip: '192.168.56.11', on: 'all' } }])).toContain(
      'storage',
    );
  });

  it('are all for what must be nowhere, or on one node and nowhere besides', () => {
    expect(names([{ mount: { target: '/mnt', on: 'nowhere' } }])).toContain('storage');
    expect(names([{ mount: { target: '/mnt', on: 'one-node' } }])).not.toContain('storage');
    expect(names([{ address: { ip: '192.168.56.100', on: 'one-node' } }])).toContain('storage');
    expect(names([{ exported: { path: '/srv', on: 'nowhere' } }])).toContain('storage');
  });

  const [some, all] = [
    checksOfCourse.filter((check) => !names([check]).includes('storage')),
    checksOfCourse.filter((check) => names([check]).includes('storage')),
  ];

  it.each(recordedNames())('decide them, as in %s', (name) => {
    expect(some.length).toBeGreaterThan(100);
    const state = recordedState(name);
    const { storage: _, ...nodes } = state.machines;
    for (const check of some) {
      const { passed } = judge(check, { ...state, machines: nodes }, machines);
      expect([check, passed]).toEqual([check, judge(check, state, machines).passed]);
    }
  });

  it('are not the nodes alone for all checks', () => expect(all.length).toBeGreaterThan(10));
});
