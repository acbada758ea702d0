import { ownValue } from '../../system/own-value.ts';
import type { Finding } from '../finding.ts';
import type { LintResult } from '../lint.ts';
import { place } from './text-report.ts';

/** JUnit's XML, as CI systems read it: a suite a subject, a case a tag that was found, or one for all that was not. */
export function junitReport(results: readonly LintResult[]): string {
  const suites = results.map(suite).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites}</testsuites>\n`;
}

function suite(result: LintResult): string {
  const failures = result.findings.filter(isFailure);
  const byTag = new Map<string, Finding[]>();
  for (const finding of failures) byTag.set(finding.tag, [...(byTag.get(finding.tag) ?? []), finding]);
  const cases = [...byTag].map(([tag, findings]) => failedCase(tag, findings));
  const clean = `    <testcase classname="prodng.lint" name="${result.checked.checks - byTag.size} other checks"/>\n`;
  const counts = `tests="${byTag.size + 1}" failures="${byTag.size}"`;
  return `  <testsuite name="${xml(result.path)}" ${counts}>\n${cases.join('')}${clean}  </testsuite>\n`;
}

function isFailure({ severity, overridden }: Finding): boolean {
  return overridden === undefined && (severity === 'error' || severity === 'warning');
}

function failedCase(tag: string, findings: readonly Finding[]): string {
  const [first] = findings;
  const text = findings.map((finding) => `${place(finding)}: ${finding.message}`).join('\n');
  return (
    `    <testcase classname="prodng.lint" name="${xml(tag)}">\n` +
    `      <failure type="${first?.severity}" message="${xml(first?.message ?? '')}">${xml(text)}</failure>\n` +
    '    </testcase>\n'
  );
}

/** XML 1.0 has no way to write most control characters. */
function xml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .replace(/[&<>"]/g, (char) => ownValue(entities, char) ?? char)
    .replace(/(?![\n\t])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '\ufffd');
}
