import { commonTags } from '../lint/common-tags.ts';
import type { Severity } from '../lint/severity.ts';
import type { Tag } from '../lint/tag.ts';
import type { Declared } from '../observe/declared.ts';
import { discrepancies } from '../observe/discrepancies.ts';
import { isWhole, lostOf, type Profile } from '../observe/profile.ts';
import { type MatrixRow, matrixOf } from './matrix.ts';

/** A difference that somebody should look at, with what its lint tag says of it. */
export interface AuditFinding {
  tag: string;
  severity: Severity;
  message: string;
  context: string;
  field?: string;
  explanation: string;
  fix: string;
}

/** What a jail declares against what it did. */
export interface Audit {
  /** The jail or file that was audited. */
  subject: string;
  package: string;
  version: string;
  record: Pick<
    Profile,
    'mode' | 'mechanism' | 'kernel' | 'runtime' | 'began' | 'duration' | 'runs' | 'blind'
  > & {
    /** From the first instruction on, with nothing lost. */
    whole: boolean;
    fromStart: boolean;
    lost: number;
    programs: number;
  };
  matrix: MatrixRow[];
  findings: AuditFinding[];
}

/**
 * @param subject how it was named
 * @param version of what is declared
 */
export function auditOf(subject: string, declared: Declared, version: string, profile: Profile): Audit {
  const { mode, mechanism, kernel, runtime, began, duration, runs, blind, fromStart } = profile;
  return {
    subject,
    package: profile.package,
    version,
    record: {
      mode,
      mechanism,
      kernel,
      runtime,
      began,
      duration,
      runs,
      blind,
      fromStart,
      whole: isWhole(profile),
      lost: lostOf(profile),
      programs: profile.programs.length,
    },
    matrix: matrixOf(declared, profile),
    findings: discrepancies(declared, version, profile).map(({ kind, message, context, field }) => {
      const { severity, explanation, fix } = observedTag(kind);
      return {
        tag: kind,
        severity,
        message,
        context,
        ...(field === undefined ? {} : { field }),
        explanation,
        fix,
      };
    }),
  };
}

/** The lint tag of a kind of difference. */
export function observedTag(id: string): Tag {
  const tag = commonTags.find((each) => each.id === id);
  if (tag === undefined) throw new Error(`no lint tag ${id}`);
  return tag;
}
