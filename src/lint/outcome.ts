import type { Finding } from './finding.ts';
import { type Severity, severities } from './severity.ts';

/** pass: nothing to review; review: warnings; reject: errors. */
export type Outcome = 'pass' | 'review' | 'reject';

/** From which severity on a finding makes the command fail. */
export type FailOn = Severity | 'never';

/** The outcome of a subject, by its findings that no override covers. */
export function outcomeOf(findings: readonly Finding[]): Outcome {
  const open = findings.filter(({ overridden }) => overridden === undefined);
  if (open.some(({ severity }) => severity === 'error')) return 'reject';
  return open.some(({ severity }) => severity === 'warning') ? 'review' : 'pass';
}

/** Whether the findings are such that the command ends with a failure. */
export function isFailure(findings: readonly Finding[], failOn: FailOn): boolean {
  if (failOn === 'never') return false;
  const least = severities.indexOf(failOn);
  return findings.some(
    ({ severity, overridden }) => overridden === undefined && severities.indexOf(severity) <= least,
  );
}

/**
 * The exit status for all results: 2 when the declarations of one cannot be read, which every command refuses; 1 when
 * a finding is severe enough; else 0.
 */
export function exitStatus(
  results: readonly { findings: readonly Finding[]; unreadable: boolean }[],
  failOn: FailOn,
): 0 | 1 | 2 {
  if (results.some(({ unreadable }) => unreadable)) return 2;
  return results.some(({ findings }) => isFailure(findings, failOn)) ? 1 : 0;
}
