import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, type LabRecord, newRecord, writeLab } from '../src/lab/lab.ts';
import type { ShellResult } from '../src/lab/machine.ts';
import type { PowerState, Provider } from '../src/lab/providers/provider.ts';
import type { Tools } from '../src/session/session.ts';

/** A machine that answers, and does what it is told. */
const done: ShellResult = {
  reached: true,
  exitCode: 0,
  stdout: '',
  stderr: '',
  milliseconds: 1,
};

/**
 * A lab whose record and files are real, in a folder of its own, and whose machines and hypervisor are this object: it
 * notes what is asked of it, keeps the power, the cables and the checkpoints, and answers as it is told to.
 */
export interface LabInMemory {
  readonly lab: Lab;
  readonly tools: Tools;
  /** What was asked of the hypervisor and of the machines' shells, in order. */
  readonly asked: string[];
  readonly power: Record<string, PowerState>;
  readonly checkpoints: Set<string>;
  /** Whether the machines have around them what they need. */
  isPrepared: boolean;
  /** How a machine answers a script; by default it has done it. */
  answer: (machine: string, script: string) => ShellResult;
  /** Called with each question before it is answered: throws where halab is to die. */
  before: (question: string) => void;
  remove(): void;
}

export const unreachable: ShellResult = {
  reached: false,
  exitCode: 255,
  stdout: '',
  stderr: 'No route to host',
  milliseconds: 1,
};

/** Makes such a lab; HALAB_HOME is its folder until it is removed. */
export function makeLabInMemory(record: Partial<LabRecord> = {}): LabInMemory {
  const home = mkdtempSync(join(tmpdir(), 'halab-memory-'));
  const homeBefore = process.env.HALAB_HOME;
  process.env.HALAB_HOME = home;
  const lab = writeLab(newRecord('test', { machineCount: 2, complete: true, ...record }));
  const asked: string[] = [];
  const power: Record<string, PowerState> = Object.fromEntries(
    lab.machines.map(({ name }) => [name, 'running']),
  );
  const checkpoints = new Set<string>();
  const ask = (question: string): void => {
    asked.push(question);
    memory.before(question);
  };
  const run = (): void => {
    for (const name of Object.keys(power)) if (power[name] === 'paused') power[name] = 'running';
  };
  const provider: Provider = {
    agent: null,
    states: async () => ({ ...power }),
    isPrepared: () => memory.isPrepared,
    async prepare() {
      ask('prepare');
      memory.isPrepared = true;
    },
    async start(machine) {
      ask(`start ${machine}`);
      power[machine] = 'running';
    },
    async powerOff(machine) {
      ask(`power off ${machine}`);
      power[machine] = 'off';
    },
    async pause(machine) {
      ask(`pause ${machine}`);
      power[machine] = 'paused';
    },
    canUnplug: true,
    plug: async (machine, isIn) => ask(`plug ${machine} ${isIn ? 'in' : 'out'}`),
    checkpointHolds: 'everything',
    async saveCheckpoint(name) {
      ask(`save ${name}`);
      checkpoints.add(name);
    },
    async restoreCheckpoint(name) {
      ask(`restore ${name}`);
      for (const machine of Object.keys(power)) power[machine] = 'running';
    },
    async deleteCheckpoint(name) {
      ask(`delete ${name}`);
      checkpoints.delete(name);
    },
    checkpoints: async () => [...checkpoints],
    checkpointBytes: async () => null,
    async resumePaused() {
      ask('resume');
      run();
    },
    endStrays: async () => [],
    removeOrphans: async () => [],
    dispose: async () => ask('dispose'),
  };
  const memory: LabInMemory = {
    lab,
    asked,
    power,
    checkpoints,
    isPrepared: true,
    answer: () => done,
    before: () => {},
    tools: {
      providerOf: () => provider,
      shellOf: () => ({
        async runAsRoot(machine, script) {
          ask(`on ${machine}: ${script}`);
          return power[machine] === 'running' ? memory.answer(machine, script) : unreachable;
        },
      }),
    },
    remove() {
      if (homeBefore === undefined) delete process.env.HALAB_HOME;
      else process.env.HALAB_HOME = homeBefore;
      rmSync(home, { recursive: true });
    },
  };
  return memory;
}
