import type { ScanResult } from './yara.ts';

/** SARIF 2.1.0: one result a match. */
export function scanSarif({ matches }: ScanResult, version: string): string {
  const rules = [...new Set(matches.map(({ rule }) => rule))].toSorted();
  return `${JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'prodng scan', version, rules: rules.map((id) => ({ id })) } },
          results: matches.map(({ rule, target }) => ({
            ruleId: rule,
            ruleIndex: rules.indexOf(rule),
            level: 'error',
            message: { text: `${target} matches the YARA rule ${rule}` },
            locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(target) } } }],
          })),
        },
      ],
    },
    undefined,
    2,
  )}\n`;
}
