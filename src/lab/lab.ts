import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { HalabError, usageError } from '../errors.ts';
import { pasteable } from '../local-runner.ts';
import { labsFolder, makeFolder } from '../paths.ts';
import { readOrdinaryFile, textIn } from '../read-file.ts';
import type { Machine } from './machine.ts';
import type { LabVariables } from './variables.ts';

const format = 1;

const providerNames = ['rootless', 'libvirt', 'virtualbox'] as const;
export type ProviderName = (typeof providerNames)[number];

const recordSchema = z.object({
  format: z.literal(format),
  name: z.string(),
  /** Where it was written; "": by a halab that did not note it. Elsewhere, the lab was moved or copied. */
  folder: z.string().default(''),
  createdAt: z.iso.datetime(),
  provider: z.enum(providerNames),
  machineCount: z.union([z.literal(2), z.literal(3)]),
  /** First three numbers of the cluster network. */
  network: z.string().regex(/^\d+\.\d+\.\d+$/),
  memory: z.number().int().positive(),
  cpus: z.number().int().positive(),
  accelerator: z.enum(['kvm', 'qemu']),
  box: z.string(),
  /** Loopback ports for ssh, by machine; only a rootless lab has them. */
  ports: z.record(z.string(), z.number().int()),
  /** The bring-up came to its end at least once. */
  complete: z.boolean(),
  /** A fault that halab made and has not yet put back. */
  fault: z
    .object({
      drill: z.string(),
      machine: z.string(),
      since: z.iso.datetime(),
      /** Units that ran on the machine before, to be started again. */
      units: z.array(z.string()),
      /** A bash script that ends it on the machine; null: starting machine and units is all. */
      undo: z.string().nullable().default(null),
    })
    .nullable(),
  /** Faults by \`halab fault\`, or of that kind, that are not undone. */
  standing: z
    .array(
      z.object({
        kind: z.string(),
        machine: z.string(),
        since: z.iso.datetime(),
        /** When it ends by itself; null: never. */
        until: z.iso.datetime().nullable(),
        /** Units to be started again when it is undone. */
        units: z.array(z.string()),
        /** What its script was told: a unit, an agent's file; "" where it needs none. */
        unit: z.string(),
        agent: z.string(),
        /** The process on this computer that ends it in time; null where the machine does that itself. */
        timer: z.number().int().nullable(),
        /** When that started, as in a ProcessMark; null: not known, so no process is taken for it. */
        timerStarted: z.string().nullable().default(null),
        /** The drill that made it, which undoes it as well; null: the learner did, and does. */
        drill: z.string().nullable().default(null),
      }),
    )
    .default([]),
  /** A checkpoint that is being saved or restored: an interrupted one is finished by the next command. */
  checkpointing: z
    .object({ doing: z.enum(['saving', 'restoring']), name: z.string() })
    .nullable()
    .default(null),
});

/** Whether a value is a record of a lab that this halab, or a newer one, has written. */
export const isRecord = (data: unknown): boolean =>
  recordSchema.safeParse(data).success ||
  (z.looseObject({ format: z.number() }).safeParse(data).data?.format ?? 0) > format;

/** What halab remembers of a lab (lab.json). */
export type LabRecord = z.infer<typeof recordSchema>;
export type StandingFault = LabRecord['standing'][number];

/** A lab: its record and the places that belong to it. */
export interface Lab {
  readonly record: LabRecord;
  readonly folder: string;
  /** Short-lived sockets. Not in `folder`: a socket's path may have 107 bytes (unix(7)). */
  readonly runFolder: string;
  readonly machines: readonly Machine[];
  readonly variables: LabVariables;
}

export const labFolder = (name: string): string => join(labsFolder(), name);

/** The lab's files, by what they hold. */
export const labFiles = {
  record: (lab: Lab) => join(lab.folder, 'lab.json'),
  vagrantConfig: (lab: Lab) => join(lab.folder, 'lab.yaml'),
  vagrantState: (lab: Lab) => join(lab.folder, 'vagrant'),
  checkpoints: (lab: Lab) => join(lab.folder, 'checkpoints.json'),
  progress: (lab: Lab) => join(lab.folder, 'progress.json'),
  key: (lab: Lab) => join(lab.folder, 'ssh-key'),
  knownHosts: (lab: Lab) => join(lab.folder, 'known-hosts'),
  sshConfig: (lab: Lab) => join(lab.folder, 'ssh-config'),
  /** What Vagrant said, and what the machines' consoles show. */
  logs: (lab: Lab) => join(lab.folder, 'log'),
} as const;

/** Whether the name can be a folder's and a host's. */
export const isLabName = (name: string): boolean => /^[a-z][a-z0-9-]{0,30}$/.test(name);

/** @throws HalabError (exit 2) when the name cannot be a folder's and a host's. */
export function assertLabName(name: string): void {
  if (!isLabName(name)) {
    throw usageError(
      `"${name}" cannot be a lab's name.`,
      'Use up to 31 small letters, digits and hyphens, with a letter first.',
    );
  }
}

function machinesOf(record: LabRecord): Machine[] {
  const all = [
    { name: 'node1', role: 'node', ip: `${record.network}.11` },
    { name: 'node2', role: 'node', ip: `${record.network}.12` },
    { name: 'storage', role: 'storage', ip: `${record.network}.13` },
  ] as const;
  return all.slice(0, record.machineCount);
}

function variablesOf(record: LabRecord): LabVariables {
  return {
    vip: `${record.network}.100`,
    vname: 'www.halab.test',
    node1_ip: `${record.network}.11`,
    node2_ip: `${record.network}.12`,
    storage_ip: record.machineCount === 3 ? `${record.network}.13` : '',
    prefix: '24',
    network: `${record.network}.0`,
    device: 'eth1',
  };
}

function labFrom(record: LabRecord): Lab {
  const folder = labFolder(record.name);
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  return {
    record,
    folder,
    // Not $XDG_RUNTIME_DIR: it differs between a desktop, ssh and cron, and the machines'
    // definitions hold this path.
    runFolder: `/tmp/halab-${process.getuid?.() ?? 0}/${id}`,
    machines: machinesOf(record),
    variables: variablesOf(record),
  };
}

/** Defaults of a lab's record; lessons can be read with it before any lab exists. */
export function newRecord(name: string, choices: Partial<LabRecord> = {}): LabRecord {
  return {
    format,
    name,
    folder: labFolder(name),
    createdAt: new Date().toISOString(),
    provider: 'rootless',
    machineCount: 3,
    network: '192.168.56',
    memory: 768,
    cpus: 1,
    accelerator: 'qemu',
    box: '',
    ports: {},
    complete: false,
    fault: null,
    standing: [],
    checkpointing: null,
    ...choices,
  };
}

/** A lab that is not written anywhere: for reading lessons before there is one. */
export const imaginaryLab = (name: string, choices: Partial<LabRecord> = {}): Lab =>
  labFrom(newRecord(name, choices));

export const labExists = (name: string): boolean => existsSync(join(labFolder(name), 'lab.json'));

/**
 * Reads a lab.
 * @throws HalabError when there is none of that name (exit 2), or when its record cannot be read (exit 3).
 */
export function readLab(name: string): Lab {
  assertLabName(name);
  const file = join(labFolder(name), 'lab.json');
  if (!existsSync(file)) {
    throw usageError(`There is no lab named "${name}" yet.`, 'Make it: halab up');
  }
  let data: unknown;
  try {
    data = JSON.parse(textIn(readOrdinaryFile(file)));
  } catch (cause) {
    throw unreadable(file, name, cause);
  }
  const found = z.looseObject({ format: z.number() }).safeParse(data);
  if (found.success && found.data.format > format) {
    throw new HalabError(`The lab "${name}" was made by a newer halab.`, {
      reason: `${file} has format ${found.data.format}; this halab knows formats up to ${format}.`,
      next: 'Use that newer halab.',
    });
  }
  const record = recordSchema.safeParse(data);
  if (!record.success) throw unreadable(file, name, z.prettifyError(record.error));
  assertOwn(name, record.data);
  return labFrom(record.data);
}

/**
 * Refuses what another lab has written: a lab's folder that was copied or renamed by hand. What it holds leads to the
 * other lab's machines and disks, and whatever is done to it would be done to those.
 * @throws HalabError (exit 3)
 */
export function assertOwn(name: string, written: { name: string; folder: string }): void {
  const folder = labFolder(name);
  const renamed = written.name !== name;
  const source = renamed ? join(dirname(folder), written.name) : written.folder;
  const isThere = existsSync(join(source, 'lab.json'));
  // A lab that was moved, or that is reached by another path now, is no copy.
  const copied = written.folder !== '' && isThere && realpathSync(source) !== realpathSync(folder);
  if (!renamed && !copied) return;
  throw new HalabError(`What is in the folder of the lab "${name}" belongs to another lab.`, {
    reason: `${folder} holds what halab has written for ${source}. The machines of that lab would be taken for this one's, so nothing was done.`,
    next: isThere
      ? `Remove the copy: ${pasteable(['rm', '-r', folder])}. For a lab beside the first: halab --lab NAME up`
      : `Give the folder its name again: ${pasteable(['mv', folder, source])}`,
  });
}

function unreadable(file: string, name: string, cause: unknown): HalabError {
  return new HalabError(`The record of the lab "${name}" cannot be read.`, {
    reason: `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
    next: `Mend the file, or remove the lab and start anew: halab destroy --lab ${name}`,
    cause,
  });
}

/** Writes a lab's record (atomically) and returns the lab with it. */
export function writeLab(record: LabRecord): Lab {
  const lab = labFrom({ ...record, folder: labFolder(record.name) });
  makeFolder(labFiles.logs(lab));
  writeFileAtomic.sync(labFiles.record(lab), `${JSON.stringify(lab.record, null, 2)}\n`);
  return lab;
}

/** Changes a lab's record as it is on disk now. */
export const changeLab = ({ record }: Lab, part: Partial<LabRecord>): Lab =>
  writeLab({ ...readLab(record.name).record, ...part });

/** Names of all labs, readable or not. */
export function labNames(): string[] {
  if (!existsSync(labsFolder())) return [];
  return readdirSync(labsFolder(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
