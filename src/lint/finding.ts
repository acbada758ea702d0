import type { Certainty, Family, Severity } from './severity.ts';

/** What a check reports; the engine makes a Finding of it. */
export interface Found {
  /** What is wrong here, and what would be right. */
  message: string;
  /** What an override names: a path, a capability, a port. Empty when the tag can be there only once. */
  context?: string;
  /** A field of the jail's stanza to point at, without its prefix (`Memory`), or a whole name (`Depends`). */
  field?: string;
  /** Text within that field to point at. */
  at?: string;
  /** A file to point at instead: relative to the source, or a path in the .deb. */
  file?: string;
  /** From 1. */
  line?: number;
  column?: number;
  /** The text of that line, for the caret. */
  text?: string;
}

/** One finding at its place. */
export interface Finding {
  tag: string;
  family: Family;
  severity: Severity;
  certainty: Certainty;
  message: string;
  context: string;
  /** `debian/control`; for a .deb `control`, or a path in it. */
  file: string;
  line?: number;
  column?: number;
  /** How many characters the caret spans. */
  length?: number;
  field?: string;
  /** The line pointed at. */
  text?: string;
  /** Why it does not count: the reason of the override that covers it. */
  overridden?: string;
}
