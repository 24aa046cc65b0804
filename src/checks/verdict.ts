/** A check's outcome. The evidence is one or more plain sentences, and says what was seen either way. */
export interface Verdict {
  readonly passed: boolean;
  /** What was expected, as a short statement: "192.168.56.100 is on exactly one node, put there by the cluster". */
  readonly expectation: string;
  /** What was seen: "node2 has 192.168.56.100, but no cluster resource manages it". */
  readonly evidence: string;
  /** It fails by what is configured: no waiting will mend it. */
  readonly lasting?: true;
}
