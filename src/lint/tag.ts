import type { Profile } from '../observe/profile.ts';
import type { Example } from './example.ts';
import type { Found } from './finding.ts';
import type { Policy } from './policy.ts';
import type { Certainty, Family, Severity } from './severity.ts';
import type { DebSubject, DeclaredSubject, SourceSubject, Subject } from './subject.ts';

/** Everything about one kind of finding, its two examples included. */
export interface TagInfo {
  /** Stable: overrides, policies and dashboards name it. */
  id: string;
  family: Family;
  severity: Severity;
  certainty: Certainty;
  /** One line. */
  summary: string;
  /** Why it matters. */
  explanation: string;
  /** What to do about it, in the imperative. */
  fix: string;
  /** Man pages, Policy sections, RFCs. */
  references: readonly string[];
  /** A jail that has the fault and a similar one that does not. Both are tests. */
  triggers: Example;
  clean: Example;
  /** The declarations cannot be understood at all: every command refuses them. */
  unreadable?: true;
}

/** How the findings of a tag come about. */
export type Tag = TagInfo &
  (
    | { reads: 'parser' | 'overrides' }
    | { reads: 'declaration'; check: (subject: DeclaredSubject) => Iterable<Found> }
    | { reads: 'source'; check: (subject: SourceSubject) => Iterable<Found> }
    | { reads: 'deb'; check: (subject: DebSubject) => Iterable<Found> }
    | { reads: 'archive'; check: (subject: Subject) => Iterable<Found> }
    | { reads: 'profile'; check: (subject: DeclaredSubject, profile: Profile) => Iterable<Found> }
    | { reads: 'policy'; check: (subject: Subject, policy: Policy) => Iterable<Found> }
  );
