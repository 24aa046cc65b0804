import { currentLesson, currentTask } from '../course/progress.ts';
import { sumOfFiles } from '../disk-use.ts';
import { ExitCode } from '../errors.ts';
import { accelerators } from '../lab/accelerator.ts';
import { type Lab, labExists, readLab } from '../lab/lab.ts';
import { providerOf } from '../lab/providers/index.ts';
import { runLocally } from '../local-runner.ts';
import { offlineSession } from '../session/open.ts';
import { whatStands } from '../session/standing.ts';
import { renderStatus } from '../terminal/report.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';

/** Shows the machines, the lesson and the disk space of a lab. Mends nothing. */
export async function status(global: GlobalOptions, options: { json: boolean }): Promise<ExitCode> {
  const name = labName(global);
  if (!labExists(name)) {
    if (options.json) sayJson({ lab: name, exists: false });
    else say(`There is no lab named "${name}" yet. Make it: halab up`);
    return ExitCode.fine;
  }
  const lab = readLab(name);
  const session = offlineSession(name);
  const provider = providerOf(lab, runLocally);
  const [states, seen] = await Promise.all([provider.states(), session.observe()]);
  const machines = lab.machines.map((machine) => {
    const answer = seen.machines[machine.name];
    const power = states[machine.name] ?? 'absent';
    const silent =
      power === 'running' && answer?.reachable === false
        ? `, does not answer: ${answer.reason}`
        : '';
    return { ...machine, power, answers: answer?.reachable === true, state: `${power}${silent}` };
  });
  const progress = session.progress();
  const lesson = currentLesson(session.course, progress);
  const task = lesson === null ? null : currentTask(lesson, progress);
  const bytes = sizeOf(lab);
  const checkpoints = await session.checkpoints();
  const checkpointBytes = await provider.checkpointBytes();
  if (options.json) {
    sayJson({
      lab: name,
      exists: true,
      provider: lab.record.provider,
      accelerator: lab.record.accelerator,
      machines: machines.map(({ state: _, ...machine }) => machine),
      lesson: lesson?.id ?? null,
      task: task?.id ?? null,
      fault: lab.record.fault,
      standing: lab.record.standing,
      checkpointing: lab.record.checkpointing,
      checkpoints: checkpoints.map(({ name }) => name),
      checkpointBytes,
      bytes,
      folder: lab.folder,
    });
    return ExitCode.fine;
  }
  const place =
    lesson === null
      ? 'the course is finished'
      : `${lesson.title}${task === null ? '' : `, next: ${task.title}`}`;
  say(
    renderStatus({
      lab: name,
      provider: `${lab.record.provider}${lab.record.provider === 'rootless' ? ` (${accelerators[lab.record.accelerator].title})` : ''}`,
      machines,
      facts: [
        ['Lesson', place],
        ['Disk', `${megabytes(bytes)} in ${lab.folder}`],
        [
          'Checkpoints',
          `${checkpoints.length}${checkpointBytes === null ? '' : `, with ${megabytes(checkpointBytes)} of memory (part of the disk space)`}`,
        ],
        ...whatStands(lab.record, new Date()).map((sentence) => ['Broken', sentence] as const),
      ],
    }),
  );
  return ExitCode.fine;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** Bytes that the lab's files take on disk: blocks, not lengths, since disk images are sparse. */
const sizeOf = (lab: Lab): number => sumOfFiles(lab.folder, ({ blocks }) => blocks * 512);
