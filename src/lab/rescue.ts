import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import {
  imaginaryLab,
  isRecord,
  type Lab,
  labFolder,
  labNames,
  newRecord,
  readLab,
  writeLab,
} from './lab.ts';

/** What of a lab's record is also in the configuration that was written for Vagrant. */
const configSchema = z.object({
  machines: z.union([z.literal(2), z.literal(3)]),
  memory: z.number().int().positive(),
  cpus: z.number().int().positive(),
  network: z.string(),
  box: z.string(),
  accelerator: z.enum(['kvm', 'qemu']).optional(),
  rootless: z.object({ ports: z.record(z.string(), z.number().int()) }).optional(),
});

/**
 * Rebuilds the records of labs that can no longer be read from what was written for Vagrant. The
 * broken file is kept beside. A record for which there is nothing to rebuild from is left alone.
 * @returns what was done, a sentence for each lab.
 */
export function rescueRecords(): string[] {
  return labNames().flatMap((name) => {
    const file = join(labFolder(name), 'lab.json');
    const config = join(labFolder(name), 'lab.yaml');
    if (!existsSync(file) || !existsSync(config) || isRecord(contentOf(file, JSON.parse)))
      return [];
    const found = configSchema.safeParse(contentOf(config, parse));
    // Other providers' records cannot be told from each other there.
    if (!found.success || found.data.rootless === undefined) return [];
    const kept = `${file}.corrupt-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    renameSync(file, kept);
    const { machines, memory, cpus, network, box, accelerator, rootless } = found.data;
    writeLab(
      newRecord(name, {
        machineCount: machines,
        memory,
        cpus,
        network,
        box,
        accelerator: accelerator ?? 'qemu',
        ports: rootless.ports,
        complete: true,
      }),
    );
    return [
      `The record of the lab "${name}" could not be read. It was rebuilt from the configuration of its machines; the broken file was kept as ${kept}.`,
    ];
  });
}

/** The lab, or where its record cannot be read and was not rebuilt, one of that name as if it were new: enough to remove it. */
export const labToRemove = (name: string): Lab =>
  isRecord(contentOf(join(labFolder(name), 'lab.json'), JSON.parse))
    ? readLab(name)
    : imaginaryLab(name);

/** What a file holds, or undefined when it is not in its format. */
function contentOf(file: string, read: (text: string) => unknown): unknown {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  try {
    return read(text);
  } catch {
    return undefined;
  }
}
