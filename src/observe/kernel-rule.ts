/** As in enum rule_kind of bpf/record.h. */
export const ruleKinds = { call: 1, capability: 2, hostCapability: 3, outside: 4 } as const;

/** A rule as the BPF programs look it up. */
export interface KernelRule {
  /** One of ruleKinds. */
  kind: number;
  /** A system call or capability by number. */
  value: number;
  /** Sent to the process before its next instruction; 0 for none. */
  signal: number;
  id: number;
}

/** What a rule has met with. */
export interface Violation {
  /** The rule's id. */
  rule: number;
  program: number;
  value: number;
  count: number;
  /** The first process, as the host counts. */
  pid: number;
  signal: number;
}
