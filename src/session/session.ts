import { join } from 'node:path';
import { type CheckSpec, lookAtRing, machinesAbout, questionsOf } from '../checks/index.ts';
import { machineTimeout } from '../cluster/collect.ts';
import { observe } from '../cluster/observe.ts';
import { untilAtRest } from '../cluster/rest.ts';
import { dcIn } from '../cluster/settling.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Course } from '../course/lesson.ts';
import { loadCourse } from '../course/load.ts';
import { type Progress, readProgress, writeProgress } from '../course/progress.ts';
import { unitsOf } from '../course/units.ts';
import type { Emit } from '../events.ts';
import { type Lab, labFiles } from '../lab/lab.ts';
import type { Shell } from '../lab/machine.ts';
import { providerOf } from '../lab/providers/index.ts';
import type { Provider } from '../lab/providers/provider.ts';
import { sshShell, standingConnection } from '../lab/ssh.ts';
import { runLocally } from '../local-runner.ts';
import { lessonsFolder } from '../paths.ts';
import { type Checkpoint, readCheckpoints } from './checkpoint-file.ts';

/** A lab at work: its machines at hand, the course, and how far the learner is. */
export interface Session {
  readonly lab: Lab;
  readonly course: Course;
  readonly provider: Provider;
  readonly shell: Shell;
  /**
   * `setClocks`: also set the machines' clocks to this computer's. `checks`: ask what these need to know besides, and
   * leave out what is costly and none of them looks at.
   * `patient`: give the machines twice the time, where nobody sits and waits.
   * `brief`: of `checks`, look only at the machines that they are about, and do not have the DC's view told again by
   * nodes that follow it (ObserveOptions.dc): that saves about a third of what an observation costs.
   */
  observe(options?: {
    readonly setClocks?: boolean;
    readonly checks?: readonly CheckSpec[];
    readonly patient?: boolean;
    readonly brief?: boolean;
  }): Promise<ClusterState>;
  /** Waits until Pacemaker has nothing left to do, at most so many seconds; see untilAtRest. */
  untilRest(seconds: number): Promise<void>;
  /** The checkpoints that can be restored; see readCheckpoints. */
  checkpoints(): Promise<Checkpoint[]>;
  progress(): Progress;
  /** Changes the progress as it is on disk now, and returns it. */
  update(change: (progress: Progress) => Progress): Progress;
}

const trackFolder = join(lessonsFolder, 'pacemaker');

/** The built-in course for a lab. */
export const courseOf = (lab: Lab): Course =>
  loadCourse(trackFolder, { machines: lab.machines, variables: lab.variables });

/** Reads the learner's progress; tells by `emit` when a broken file had to be set aside. */
export function progressOf(lab: Lab, emit: Emit): Progress {
  const { progress, setAside } = readProgress(labFiles.progress(lab));
  if (setAside !== null) {
    emit({
      type: 'note',
      text: `The file with your progress could not be read. It was kept as ${setAside}; done tasks are recognised when you check them again.`,
    });
  }
  return progress;
}

/** How a lab's machines are reached: through ssh and a hypervisor, or in a test otherwise. */
export interface Tools {
  shellOf(lab: Lab): Shell;
  providerOf(lab: Lab): Provider;
}

export const realTools: Tools = {
  shellOf: (lab) => sshShell(lab, runLocally),
  providerOf: (lab) => providerOf(lab, runLocally),
};

/** A session on a lab as it is: nothing is asked, waited for or mended. */
export function sessionOf(lab: Lab, emit: Emit, tools: Tools = realTools): Session {
  const shell = tools.shellOf(lab);
  const provider = tools.providerOf(lab);
  const course = courseOf(lab);
  const units = unitsOf(course);
  /** The DC as it was seen last. */
  let dc: string | null = null;
  return {
    lab,
    course,
    provider,
    shell,
    async observe({ setClocks = false, checks, patient = false, brief = false } = {}) {
      const machines =
        brief && checks !== undefined ? machinesAbout(checks, lab.machines) : lab.machines;
      // The time that they are set to is that at which it is sent: a handshake may take seconds under emulation.
      if (setClocks)
        await Promise.all(machines.map(({ name }) => standingConnection(shell, lab, name)));
      const state = await observe(shell, machines, {
        units,
        setClocks,
        dc: brief ? dc : null,
        ...(patient ? { timeout: 2 * machineTimeout } : {}),
        ...(checks === undefined
          ? {}
          : { ring: lookAtRing(checks), questions: questionsOf(checks, machines) }),
      });
      dc = dcIn(state);
      return state;
    },
    untilRest: (seconds) => untilAtRest(shell, lab.machines, seconds, dc),
    checkpoints: () => readCheckpoints(lab, provider, emit),
    progress: () => progressOf(lab, emit),
    update(change) {
      const progress = change(progressOf(lab, emit));
      writeProgress(labFiles.progress(lab), progress);
      return progress;
    },
  };
}
