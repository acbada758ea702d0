import type { LintResult } from '../lint.ts';
import { place } from './text-report.ts';

const headings = { pass: 'pass', review: 'needs review', reject: 'reject' } as const;

/** For a comment on a change: a table for each subject. */
export function markdownReport(results: readonly LintResult[]): string {
  return results.map(section).join('\n');
}

function section(result: LintResult): string {
  const { checks, files, entries } = result.checked;
  const lines = [
    `## ${cell(result.path)}: ${headings[result.outcome]}`,
    '',
    `${checks} checks, ${files} files, ${entries} entries.`,
    '',
  ];
  if (result.findings.length > 0) {
    lines.push('| severity | tag | where | what |', '|---|---|---|---|');
    for (const finding of result.findings) {
      const state = finding.overridden === undefined ? finding.severity : 'overridden';
      lines.push(`| ${state} | \`${finding.tag}\` | ${cell(place(finding))} | ${cell(finding.message)} |`);
    }
    lines.push('');
  }
  const { score } = result;
  if (score !== undefined) lines.push(`Exposure: ${score.value.toFixed(1)} of 10.`, '');
  return lines.join('\n');
}

/** Text from a package could otherwise end the cell, or become a link or an image. */
function cell(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|!#]/g, '\\$&').replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}
