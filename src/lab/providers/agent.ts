import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { describeFailure } from '../../local-runner.ts';
import type { Runner } from '../../run.ts';
import type { Lab } from '../lab.ts';
import type { Shell, ShellResult } from '../machine.ts';
import { domainName, runVirsh } from './libvirt.ts';

/** Answers of the QEMU guest agent (QEMU Guest Agent Protocol Reference: guest-exec, guest-exec-status). */
const startedSchema = z.object({ return: z.object({ pid: z.number() }) });
const statusSchema = z.object({
  return: z.object({
    exited: z.boolean(),
    exitcode: z.number().optional(),
    'out-data': z.base64().optional(),
    'err-data': z.base64().optional(),
  }),
});

/** Milliseconds until the first question whether a command has ended, and between the later ones: each costs this computer a program. */
const askFirst = 500;
const askEvery = 250;

/**
 * A way into the machines by QEMU's guest agent. It is at work already, so it costs no handshake,
 * which under emulation takes seconds of a machine that was just restored.
 */
export function agentShell(lab: Lab, run: Runner): Shell {
  const ask = async <T>(machine: string, schema: z.ZodType<T>, command: object): Promise<T> => {
    const answer = await runVirsh(lab, run, [
      'qemu-agent-command',
      '--timeout',
      '5',
      domainName(machine),
      JSON.stringify(command),
    ]);
    if (answer.exitCode !== 0) throw new Unanswered(describeFailure(answer));
    const told = schema.safeParse(parse(answer.stdout));
    if (!told.success) throw new Unanswered(`${machine} gave no answer that makes sense.`);
    return told.data;
  };
  return {
    async runAsRoot(machine, script, options = {}): Promise<ShellResult> {
      const timeout = options.timeout ?? 15_000;
      const started = performance.now();
      const milliseconds = (): number => performance.now() - started;
      const unreached = (stderr: string): ShellResult => ({
        reached: false,
        exitCode: null,
        stdout: '',
        stderr,
        milliseconds: milliseconds(),
      });
      try {
        const { pid } = (
          await ask(machine, startedSchema, {
            execute: 'guest-exec',
            arguments: {
              path: '/bin/bash',
              arg: ['-s'],
              'input-data': Buffer.from(script).toString('base64'),
              'capture-output': true,
            },
          })
        ).return;
        for (let pause = askFirst; milliseconds() < timeout; pause = askEvery) {
          await sleep(pause);
          const status = (
            await ask(machine, statusSchema, { execute: 'guest-exec-status', arguments: { pid } })
          ).return;
          if (!status.exited) continue;
          const text = (data = ''): string => Buffer.from(data, 'base64').toString();
          return {
            reached: true,
            // Without one, a signal ended it.
            exitCode: status.exitcode ?? null,
            stdout: text(status['out-data']),
            stderr: text(status['err-data']),
            milliseconds: milliseconds(),
          };
        }
        return unreached(`no answer within ${Math.round(timeout / 1000)} s`);
      } catch (error) {
        if (error instanceof Unanswered) return unreached(error.message);
        throw error;
      }
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The agent, or libvirt on the way to it, did not answer. */
class Unanswered extends Error {}
