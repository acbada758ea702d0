import type { LintResult } from '../lint.ts';

/** Everything for programs; the form is stable within one version. */
export function jsonReport(results: readonly LintResult[]): string {
  return `${JSON.stringify({ version: 1, results }, undefined, 2)}\n`;
}
