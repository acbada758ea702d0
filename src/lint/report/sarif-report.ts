import type { Finding } from '../finding.ts';
import type { LintResult } from '../lint.ts';
import type { Severity } from '../severity.ts';
import type { Tag } from '../tag.ts';
import { docsPath } from '../tag-reference.ts';
import { tags } from '../tags.ts';

const schema = 'https://json.schemastore.org/sarif-2.1.0.json';

/** SARIF's names. */
export const sarifLevels: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
  pedantic: 'note',
};

const ranks = { certain: 100, likely: 75, possible: 40 } as const;

/** SARIF 2.1.0 (OASIS): one run, with the tags that were found as rules. */
export function sarifReport(results: readonly LintResult[]): string {
  const used = new Set(results.flatMap(({ findings }) => findings.map(({ tag }) => tag)));
  const rules = tags.filter(({ id }) => used.has(id));
  const index = new Map(rules.map(({ id }, position) => [id, position]));
  const log = {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'prodng lint', rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: results.flatMap((result) =>
          result.findings.map((finding) => sarifResult(result, finding, index.get(finding.tag) ?? -1)),
        ),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

/** A tag as a rule of SARIF. */
export function ruleOf(tag: Tag): object {
  const help = `${tag.explanation}\n\n${tag.fix}`;
  return {
    id: tag.id,
    shortDescription: { text: tag.summary },
    fullDescription: { text: tag.explanation },
    help: { text: help, markdown: `${help}\n\nSee ${docsPath}.` },
    defaultConfiguration: { level: sarifLevels[tag.severity] },
    properties: { tags: [tag.family], precision: precision(tag) },
  };
}

function precision({ certainty }: Tag): string {
  return { certain: 'very-high', likely: 'high', possible: 'medium' }[certainty];
}

function sarifResult(result: LintResult, finding: Finding, ruleIndex: number): object {
  const { tag, severity, certainty, message, context, line, column, length, text, overridden } = finding;
  const region =
    line === undefined
      ? {}
      : {
          region: {
            startLine: line,
            ...(column === undefined ? {} : { startColumn: column }),
            ...(column === undefined || length === undefined ? {} : { endColumn: column + length }),
            ...(text === undefined ? {} : { snippet: { text } }),
          },
        };
  return {
    ruleId: tag,
    ruleIndex,
    level: sarifLevels[severity],
    rank: ranks[certainty],
    message: { text: message },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(result, finding) }, ...region },
        logicalLocations: [{ fullyQualifiedName: `${result.name}/${finding.file}` }],
      },
    ],
    partialFingerprints: { 'prodngLint/v1': `${result.name}:${tag}:${finding.file}:${context}` },
    ...(overridden === undefined ? {} : { suppressions: [{ kind: 'inSource', justification: overridden }] }),
  };
}

/**
 * A relative reference (RFC 3986) to the file, or a file URI (RFC 8089) when it was named from the root; what is in a
 * .deb has no address of its own, its .deb has.
 */
function uriOf(result: LintResult, finding: Finding): string {
  const path = result.kind === 'deb' ? result.path : `${result.path.replace(/\/+$/, '')}/${finding.file}`;
  const encoded = path
    .replace(/^(?:\.\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return encoded.startsWith('/') ? `file://${encoded}` : encoded;
}
