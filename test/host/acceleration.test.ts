import { expect, test } from 'vitest';
import { judgeComparison, type KvmResult } from '../../src/host/kvm.ts';
import { acceleration } from '../../src/host/needs/acceleration.ts';
import { readOs } from '../../src/host/os.ts';
import type { Scene } from '../../src/host/scene.ts';
import { readRecording, recordedRunner } from './recording.ts';

const recording = readRecording('debian-12-complete');

const look = (kvm: KvmResult): ReturnType<typeof acceleration> => {
  const { computer } = recording;
  const scene: Scene = {
    run: recordedRunner(recording),
    options: { provider: 'rootless', dataDir: '/d', machines: 3, runDir: '/r' },
    computer,
    os: readOs(computer.platform, computer.osRelease),
    senses: { computer: () => computer, kvm: async () => kvm },
  };
  return acceleration(scene);
};

test("a processor that libvirt refuses is a warning in libvirt's own words", async () => {
  const refused = judgeComparison({
    command: [],
    exitCode: 1,
    stdout: '',
    stderr:
      'error: Failed to compare host CPU with cpu.xml\nerror: the CPU is incompatible with host CPU: Host CPU does not provide required features: nx\n',
    timedOut: false,
    milliseconds: 0,
  });
  if (refused === null) throw new Error('libvirt took it');
  expect(await look(refused)).toEqual({
    id: 'acceleration',
    title: 'Hardware acceleration',
    status: 'warning',
    found:
      'no KVM: libvirt refuses the processor of the lab\'s machines ("Host CPU does not provide required features: nx"). Software emulation works, 3 to 5 times slower',
    needed: 'KVM, for speed only',
    fix: null,
  });
});
