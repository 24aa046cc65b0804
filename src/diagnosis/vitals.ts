import type { Machine, Shell } from '../lab/machine.ts';

/** What a machine must have to be of any use in the course. */
export interface Vitals {
  /** Free on /, for root, in MiB. */
  readonly freeMiB: number;
  /** Packages of the box that are not installed any more. */
  readonly missingPackages: readonly string[];
}

/** A machine that answers and cannot tell its vitals: why. */
export interface Unreadable {
  readonly unreadable: string;
}

const packages = [
  'corosync',
  'pacemaker',
  'pcs',
  'crmsh',
  'resource-agents',
  'drbd-utils',
  'nfs-kernel-server',
  'apache2',
  'cups',
];

const script = `stat -f -c 'free %f %S' /
dpkg-query -W -f 'package \${Package} \${db:Status-Status}\\n' ${packages.join(' ')} 2>/dev/null`;

/** Reads a machine's vitals; machines that do not answer are left out. */
export async function readVitals(
  shell: Shell,
  machines: readonly Machine[],
): Promise<Readonly<Record<string, Vitals | Unreadable>>> {
  const answers = await Promise.all(
    machines.map(async ({ name }) => ({ name, ...(await shell.runAsRoot(name, script)) })),
  );
  return Object.fromEntries(
    answers.flatMap(({ name, reached, stdout, stderr }) => {
      if (!reached) return [];
      const unreadable = stderr.trim().split('\n').at(-1) || 'its answer is cut off';
      return [[name, parseVitals(stdout) ?? { unreadable }] as const];
    }),
  );
}

/** Reads what the script prints; null when it is cut off, as by a machine that can start no program any more. */
export function parseVitals(text: string): Vitals | null {
  const free = /^free (\d+) (\d+)$/m.exec(text);
  // Of a package that was removed dpkg tells nothing; of all of them, when it could not run.
  if (free === null || !/^package \S+ \S+$/m.test(text)) return null;
  const installed = new Set(
    [...text.matchAll(/^package (\S+) installed$/gm)].map((match) => match[1]),
  );
  return {
    freeMiB: Math.floor((Number(free[1]) * Number(free[2])) / 1024 / 1024),
    missingPackages: packages.filter((name) => !installed.has(name)),
  };
}
