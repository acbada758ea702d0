import { styleText } from 'node:util';
import type { Exposure } from '../../control/exposure.ts';
import type { Finding } from '../finding.ts';
import type { LintResult } from '../lint.ts';
import type { Severity } from '../severity.ts';
import { columnsOf } from './columns.ts';

export interface TextOptions {
  color: boolean;
  /** Shows findings that only inform, too. */
  verbose: boolean;
  /** Adds the exposure score with its table. */
  score: boolean;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<Severity, Style>> = {
  error: ['red', 'bold'],
  warning: ['yellow', 'bold'],
  info: 'cyan',
  pedantic: 'dim',
};

const outcomes = { pass: 'pass', review: 'needs review', reject: 'reject' } as const;

/** Findings for people: grouped by file, each with its line and a caret below what it is about. */
export function textReport(results: readonly LintResult[], options: TextOptions): string {
  const paint = (style: Style, text: string): string =>
    options.color ? styleText(style, text, { validateStream: false }) : text;
  return results.map((result) => resultText(result, options, paint)).join('\n');
}

function resultText(
  result: LintResult,
  { verbose, score }: TextOptions,
  paint: (style: Style, text: string) => string,
): string {
  const open = result.findings.filter(({ overridden }) => overridden === undefined);
  const shown = open.filter(({ severity }) => verbose || severity !== 'pedantic');
  const lines: string[] = [];
  const prefix = result.kind === 'source' ? '' : `${result.path}: `;
  for (const finding of shown) lines.push(...findingLines(finding, prefix, paint));
  const overridden = result.findings.length - open.length;
  const counts = [
    ...(['error', 'warning', 'info', 'pedantic'] as const).flatMap((severity) => {
      const count = open.filter((finding) => finding.severity === severity).length;
      return count === 0 ? [] : [plural(count, severity)];
    }),
    ...(overridden === 0 ? [] : [`${overridden} overridden`]),
  ];
  const style: Style = { pass: 'green', review: 'yellow', reject: 'red' }[result.outcome] as Style;
  const { checks, files, entries } = result.checked;
  const what = `${checks} checks, ${plural(files, 'file')}${entries === 0 ? '' : `, ${entries} entries`}`;
  const found = counts.length === 0 ? 'no findings' : counts.join(', ');
  lines.push(`${result.path}: ${paint(style, outcomes[result.outcome])}: ${found} (${what})`);
  if (score && result.score !== undefined) lines.push(...scoreLines(result.score));
  return `${lines.join('\n')}\n`;
}

function scoreLines({ value, rows }: Exposure): string[] {
  const table = rows.map(
    ({ what, points, most, why }) =>
      `  ${what.padEnd(16)} ${points.toFixed(1)} of ${most.toFixed(1)}  ${printableLine(why)}`,
  );
  return [`exposure: ${value.toFixed(1)} of 10`, ...table];
}

function findingLines(
  finding: Finding,
  prefix: string,
  paint: (style: Style, text: string) => string,
): string[] {
  const { severity, tag, message, certainty } = finding;
  const sure = certainty === 'certain' ? '' : `, ${certainty}`;
  const what = printableLine(`${prefix}${place(finding)}: ${message}`);
  const head = `${what} ${paint(styles[severity], `[${severity}: ${tag}${sure}]`)}`;
  return [head, ...caretLines(finding, paint)];
}

/** `file:line:column: field`, as far as they are known. */
export function place({ file, line, column, field }: Finding): string {
  const numbers = [line, column].filter((number) => number !== undefined);
  const where = [file, ...numbers].join(':');
  return field === undefined ? where : `${where}: ${field}`;
}

const mostColumns = 120;

function caretLines(finding: Finding, paint: (style: Style, text: string) => string): string[] {
  const { text, line, column } = finding;
  if (text === undefined || line === undefined || text.trim() === '') return [];
  const start = Math.max(0, (column ?? 1) - 1);
  // a long line is shown around what it is about
  const from = start > mostColumns - 40 ? start - 40 : 0;
  const part = printableLine(text.slice(from, from + mostColumns));
  const gutter = `${String(line).padStart(5)} | `;
  const lines = [`${paint('dim', gutter)}${part}`];
  if (column === undefined) return lines;
  const before = part.slice(0, start - from);
  const about = part.slice(start - from, start - from + (finding.length ?? 1));
  const width = Math.max(1, columnsOf(about));
  lines.push(
    `${' '.repeat(gutter.length - 2)}${paint('dim', '|')} ${' '.repeat(columnsOf(before))}${paint(styles[finding.severity], '^'.repeat(width))}`,
  );
  return lines;
}

/** Control characters must not reach a terminal; a tab counts as the one column that it is in the file. */
function printableLine(text: string): string {
  // nearly every line; what Unicode's classes hold takes V8 longer to find out than a source takes to lint
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (char) => (char === '\t' ? ' ' : '\ufffd'));
}

function plural(count: number, word: string): string {
  return word === 'info' || word === 'pedantic' || count === 1 ? `${count} ${word}` : `${count} ${word}s`;
}
