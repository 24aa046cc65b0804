import type { Shell } from '../machine.ts';

/** A machine as its hypervisor sees it. */
export type PowerState = 'running' | 'paused' | 'off' | 'absent';

/** What halab asks of a hypervisor beyond Vagrant's up and destroy. */
export interface Provider {
  /** A way into the machines that needs no network and no handshake; null where there is none. */
  readonly agent: Shell | null;
  /** The power state of every machine of the lab. */
  states(): Promise<Readonly<Record<string, PowerState>>>;
  /** Whether all that prepare() makes is there: then it has nothing to do. */
  isPrepared(): boolean;
  /** Makes ready whatever the machines need around them (the switch, say), and mends it when it is gone. Idempotent. */
  prepare(): Promise<void>;
  /** Turns an existing machine on; returns as soon as it runs, long before it answers. */
  start(machine: string): Promise<void>;
  /** Cuts the power: no shutdown, nothing is flushed. */
  powerOff(machine: string): Promise<void>;
  /** Stops a machine in the middle of what it does; `start` lets it run on. */
  pause(machine: string): Promise<void>;
  /** Whether it can pull a machine's cable. */
  readonly canUnplug: boolean;
  /** Plugs a machine's cable of the cluster network in or pulls it out. Only where it can. */
  plug(machine: string, isIn: boolean): Promise<void>;
  /** What a checkpoint of this provider holds, in words for a person. */
  readonly checkpointHolds: string;
  /**
   * Saves all machines under a name, at one moment where the hypervisor can: none runs while another
   * is being saved. Machines that ran run on afterwards, also when saving failed.
   */
  saveCheckpoint(name: string): Promise<void>;
  /** Brings all machines back to what was saved under a name: power, memory where it was saved, disks. Idempotent. */
  restoreCheckpoint(name: string): Promise<void>;
  /** Removes what was saved under a name, wherever it is; nothing happens when it is nowhere. */
  deleteCheckpoint(name: string): Promise<void>;
  /** Names under which every machine of the lab was saved. */
  checkpoints(): Promise<readonly string[]>;
  /** Bytes of memory that all checkpoints hold; null when the hypervisor does not say. What disks hold is in the disks. */
  checkpointBytes(): Promise<number | null>;
  /** Lets machines run on that were paused. */
  resumePaused(): Promise<void>;
  /**
   * Ends machines that run and cannot be reached through the hypervisor any more, since its files
   * about them are gone: it would start each a second time. @returns their names.
   */
  endStrays(): Promise<string[]>;
  /** Removes machines that Vagrant has lost sight of, so that it can make them again. */
  removeOrphans(): Promise<string[]>;
  /** Ends and removes all that prepare() made, once the machines are destroyed. */
  dispose(): Promise<void>;
}
