/** A machine of a lab, as every part of halab names it. */
export interface Machine {
  /** "node1", "node2", "storage": the name in Vagrant, the host name, and what learners type. */
  readonly name: string;
  /** node: member of the cluster; storage: the third machine. */
  readonly role: 'node' | 'storage';
  /** Its address on the cluster network (its physical address, in the lessons' words). */
  readonly ip: string;
}

/** What halab can ask of a machine over ssh. */
export interface Shell {
  /** Runs a script with bash as root on the machine; the script goes through standard input, so secrets in it show in no process list. */
  runAsRoot(machine: string, script: string, options?: { timeout?: number }): Promise<ShellResult>;
}

export interface ShellResult {
  /** false: the machine could not be reached (or stopped answering); `stderr` says why. */
  readonly reached: boolean;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}
