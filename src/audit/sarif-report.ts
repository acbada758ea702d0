import { ruleOf, sarifLevels } from '../lint/report/sarif-report.ts';
import { type Audit, observedTag } from './audit.ts';

/** SARIF 2.1.0 (OASIS): one run; a finding points at the field of debian/control that it is about. */
export function sarifReport(audits: readonly Audit[]): string {
  const ids = [...new Set(audits.flatMap(({ findings }) => findings.map(({ tag }) => tag)))].sort();
  const results = audits.flatMap(({ package: name, findings }) =>
    findings.map(({ tag, severity, message, context, field }) => ({
      ruleId: tag,
      ruleIndex: ids.indexOf(tag),
      level: sarifLevels[severity],
      message: { text: `${name}: ${message}` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'debian/control' } },
          logicalLocations: [{ name: field === undefined ? name : `Jail-${field}` }],
        },
      ],
      partialFingerprints: { 'prodng/v1': `${name}/${tag}/${context}` },
    })),
  );
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'prodng audit', rules: ids.map((id) => ruleOf(observedTag(id))) } },
        results,
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
