/** The kinds of differences between what is declared and what was done. Each is a lint tag of that name. */
export type DiscrepancyKind =
  | 'capability-never-used'
  | 'capability-denied'
  | 'capability-cannot-help'
  | 'syscalls-never-used'
  | 'syscalls-refused'
  | 'syscalls-below-floor'
  | 'volume-never-written'
  | 'write-refused'
  | 'connect-never-used'
  | 'connect-undeclared'
  | 'listen-never-bound'
  | 'record-incomplete'
  | 'record-of-other-version';

export interface Discrepancy {
  kind: DiscrepancyKind;
  message: string;
  /** What it is about: a capability, a path, a port. */
  context: string;
  /** The field that declares it or would, without its prefix. */
  field?: string;
}
