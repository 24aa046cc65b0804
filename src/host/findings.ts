/** One thing that a lab needs of this computer, and how it stands. */
export interface Finding {
  /** Stable name for scripts: "vagrant", "acceleration". */
  readonly id: string;
  /** What it is, for a person: "Vagrant", "Hardware acceleration". */
  readonly title: string;
  /** warning: a lab works all the same. missing and too-old: it does not. */
  readonly status: 'ok' | 'missing' | 'too-old' | 'warning';
  /** One line of evidence: "Vagrant 2.3.4". */
  readonly found: string;
  /** What a lab needs: "Vagrant 2.3 or newer". */
  readonly needed: string;
  /** null: nothing to mend, or nothing that would mend it. */
  readonly fix: Fix | null;
}

export interface Fix {
  /** A sentence for a person: what the fix does, or why there is no easy one. */
  readonly explain: string;
  /** Packages of this computer's distribution; [] where halab does not know them. */
  readonly packages: readonly string[];
  /** What a person would type, in order, when there are no packages or besides them. */
  readonly commands: readonly string[];
}

/** Whether no lab can run until this is mended. */
export const isBlocking = (finding: Finding): boolean =>
  finding.status === 'missing' || finding.status === 'too-old';
