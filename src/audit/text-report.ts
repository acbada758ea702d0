import type { Audit, AuditFinding } from './audit.ts';
import { durationText } from './duration-text.ts';
import type { MatrixRow } from './matrix.ts';

const width = 80;

/** For people: at most 80 columns, whatever the paths. */
export function textReport(untrusted: Audit, { color, printable }: TextOptions): string {
  const audit = printableAudit(untrusted, printable);
  const { record } = audit;
  const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[22m` : text);
  const lines = [
    bold(cut(`${audit.package} ${audit.version}`, width)),
    ...folded(
      `  recorded ${record.runs === 1 ? 'once' : `${record.runs} times`}, ${durationText(record.duration)}, ` +
        `from ${record.began} by ${record.mechanism} on Linux ${record.kernel} with ${record.runtime}, ` +
        `mode ${record.mode}, ${record.programs} programs`,
    ),
    ...folded(`  ${completeness(audit)}`),
    ...record.blind.flatMap((spot) => folded(`  not seen: ${spot}`)),
  ];
  let group = '';
  for (const row of audit.matrix) {
    if (row.group !== group) {
      group = row.group;
      lines.push(
        '',
        bold(`${group.padEnd(41)}${'declared'.padEnd(10)}${'used'.padStart(10)}${'denied'.padStart(10)}`),
      );
    }
    lines.push(...rowLines(row));
  }
  if (audit.findings.length > 0) lines.push('', bold('findings'));
  for (const finding of audit.findings) lines.push(...findingLines(finding));
  return `${lines.join('\n')}\n`;
}

export interface TextOptions {
  color: boolean;
  /** Replaces what would move a terminal's cursor: jails choose their paths. */
  printable: (text: string) => string;
}

function printableAudit(audit: Audit, printable: TextOptions['printable']): Audit {
  return {
    ...audit,
    package: printable(audit.package),
    version: printable(audit.version),
    record: {
      ...audit.record,
      kernel: printable(audit.record.kernel),
      runtime: printable(audit.record.runtime),
      blind: audit.record.blind.map(printable),
    },
    matrix: audit.matrix.map((row) => ({
      ...row,
      what: printable(row.what),
      by: row.by.map(printable),
      ...(row.note === undefined ? {} : { note: printable(row.note) }),
    })),
    findings: audit.findings.map((finding) => ({ ...finding, message: printable(finding.message) })),
  };
}

function completeness({ record }: Audit): string {
  if (record.whole) return 'complete: from the first instruction on, nothing lost';
  const reasons = [
    ...(record.lost > 0 ? [`incomplete by ${record.lost}`] : []),
    ...(record.fromStart ? [] : ['it does not begin with the first instruction']),
  ];
  return `${reasons.join(', ')}: nothing can be said never to have happened`;
}

function rowLines(row: MatrixRow): string[] {
  const counts = `${(row.declared ? 'yes' : 'no').padEnd(10)}${number(row.used)}${number(row.denied)}`;
  const [what = '', ...rest] = row.what.length <= 38 ? [row.what] : [...folded(row.what), ''];
  const first =
    rest.length === 0
      ? [`  ${what.padEnd(39)}${counts}`]
      : [`  ${cut(row.what, width - 2)}`, `${' '.repeat(41)}${counts}`];
  const by = row.by.length === 0 ? '' : `by ${row.by.join(', ')}`;
  const more = [row.note ?? '', by].filter((text) => text !== '').join('; ');
  return [...first, ...(more === '' ? [] : folded(`      ${more}`))];
}

function number(count: number): string {
  return (count === 0 ? '-' : String(count)).padStart(10);
}

function findingLines({ tag, severity, message }: AuditFinding): string[] {
  return [...folded(`  ${severity}: ${message}`), `      ${tag}`];
}

/** Breaks a line at spaces; continuation lines are indented as the first and two more. */
function folded(text: string): string[] {
  const indent = ' '.repeat((/^ */.exec(text)?.[0].length ?? 0) + 2);
  const lines: string[] = [];
  let line = '';
  for (const word of text.trimStart().split(' ')) {
    const prefix = lines.length === 0 ? indent.slice(2) : indent;
    if (line === '') line = `${prefix}${word}`;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(cut(line, width));
      line = `${indent}${word}`;
    }
  }
  return [...lines, cut(line, width)];
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}\u2026`;
}
