import { labExists, readLab } from '../lab/lab.ts';
import { providerOf } from '../lab/providers/index.ts';
import { runLocally } from '../local-runner.ts';

/** Whether the lab is there, all its machines run, and no drill has one of them broken. */
export async function machinesUp(name: string): Promise<boolean> {
  if (!labExists(name)) return false;
  const lab = readLab(name);
  if (!lab.record.complete || lab.record.fault !== null) return false;
  const states = Object.values(await providerOf(lab, runLocally).states());
  return states.every((state) => state === 'running');
}
