import type { LintResult } from '../lint.ts';
import type { TextOptions } from './text-report.ts';

export type ReportFormat = 'text' | 'json' | 'sarif' | 'markdown' | 'junit';

/** Writes the results in a format; each writer is loaded only when it is asked for. */
export async function report(
  results: readonly LintResult[],
  format: ReportFormat,
  options: TextOptions,
): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('./text-report.ts')).textReport(results, options);
    case 'json':
      return (await import('./json-report.ts')).jsonReport(results);
    case 'sarif':
      return (await import('./sarif-report.ts')).sarifReport(results);
    case 'markdown':
      return (await import('./markdown-report.ts')).markdownReport(results);
    case 'junit':
      return (await import('./junit-report.ts')).junitReport(results);
  }
}
