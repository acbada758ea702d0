import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { LintResult } from '../../../src/lint/lint.ts';
import { report } from '../../../src/lint/report/report.ts';
import { lintExample } from '../support/lint-example.ts';

const options = { color: false, verbose: false, score: false };

const faulty = await lintExample(
  {
    control: 'Jail-Capabilities: CHOWN,\n SYS_TIME\nJail-Memory:',
    source: { 'debian/jail.lint-overrides': 'Tag: limits-default\nReason: <&"> it\'s fine\n' },
  },
  'source',
);
const hostile = await lintExample(
  { rootfs: { 'usr/share/a\u001b[2J|`x`<b>&"': { content: 'x', mode: 0o666 } } },
  'deb',
);
const results: LintResult[] = [faulty, hostile];

/** The parts of the official schema of SARIF 2.1.0 that we write, closed: a key that it does not have fails. */
const text = z.strictObject({ text: z.string().min(1), markdown: z.string().optional() });
const region = z.strictObject({
  startLine: z.int().min(1),
  startColumn: z.int().min(1).optional(),
  endColumn: z.int().min(1).optional(),
  snippet: z.strictObject({ text: z.string() }).optional(),
});
const sarifLog = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z
    .array(
      z.strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string(),
            rules: z.array(
              z.strictObject({
                id: z.string(),
                shortDescription: text,
                fullDescription: text,
                help: text,
                defaultConfiguration: z.strictObject({ level: z.enum(['none', 'note', 'warning', 'error']) }),
                properties: z.looseObject({ tags: z.array(z.string()).optional() }),
              }),
            ),
          }),
        }),
        columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
        results: z.array(
          z.strictObject({
            ruleId: z.string(),
            ruleIndex: z.int().min(0),
            level: z.enum(['none', 'note', 'warning', 'error']),
            rank: z.number().min(0).max(100),
            message: text,
            locations: z
              .array(
                z.strictObject({
                  physicalLocation: z.strictObject({
                    artifactLocation: z.strictObject({
                      uri: z.string().regex(/^(?:file:\/\/\/)?[\w.%~-][\w./%~-]*$/),
                    }),
                    region: region.optional(),
                  }),
                  logicalLocations: z.array(z.strictObject({ fullyQualifiedName: z.string() })),
                }),
              )
              .min(1),
            partialFingerprints: z.record(z.string(), z.string()),
            suppressions: z
              .array(z.strictObject({ kind: z.enum(['inSource', 'external']), justification: z.string() }))
              .optional(),
          }),
        ),
      }),
    )
    .min(1),
});

test('SARIF has the form of its schema, with rules, places and suppressions', async () => {
  const log = sarifLog.parse(JSON.parse(await report(results, 'sarif', options)));
  const [run] = log.runs;
  const found = run?.results.find(({ ruleId }) => ruleId === 'capability-ineffective');
  expect(found?.level).toBe('error');
  expect(found?.locations[0]?.physicalLocation.region).toMatchObject({ startColumn: 2, endColumn: 10 });
  expect(run?.tool.driver.rules[found?.ruleIndex ?? -1]?.id).toBe('capability-ineffective');
  const overridden = run?.results.filter(({ suppressions }) => suppressions !== undefined);
  expect(overridden?.map(({ ruleId }) => ruleId)).toEqual(['limits-default']);
  for (const { ruleId, ruleIndex } of run?.results ?? [])
    expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
});

test('text shows the line and a caret below what the finding is about', async () => {
  const lines = (await report([faulty], 'text', options)).split('\n');
  const at = lines.findIndex((line) => line.includes('[error: capability-ineffective]'));
  expect(lines[at]).toMatch(/^debian\/control:\d+:2: XB-Jail-Capabilities: CAP_SYS_TIME /);
  expect(lines[at + 1]).toMatch(/^ +\d+ \| {2}SYS_TIME$/);
  expect(lines[at + 2]).toMatch(/^ +\| {2}\^{8}$/);
  expect(lines.at(-2)).toContain('reject: 1 error, 1 overridden (');
});

test('nothing in a package writes to the terminal', async () => {
  const text = await report([hostile], 'text', { color: true, verbose: true, score: true });
  const [first, ...sequences] = text.split('\u001b');
  expect(first).not.toBe('');
  // nothing but colours
  for (const sequence of sequences) expect(sequence).toMatch(/^\[\d+(?:;\d+)*m/);
});

test('colours are for terminals', async () => {
  expect(await report(results, 'text', options)).not.toContain('\u001b');
  expect(await report(results, 'text', { ...options, color: true })).toContain('\u001b[31m');
});

test('JSON holds every result whole', async () => {
  expect(JSON.parse(await report(results, 'json', options))).toEqual({
    version: 1,
    results: JSON.parse(JSON.stringify(results)),
  });
});

test('JUnit is XML that another parser reads, with a failure for each tag', async () => {
  const xml = await report(results, 'junit', options);
  const script =
    'import sys, xml.etree.ElementTree as t\nr = t.fromstring(sys.stdin.buffer.read())\n' +
    'print(" ".join(sorted(c.get("name") for c in r.iter("testcase") if c.find("failure") is not None)))';
  const names = execFileSync('python3', ['-c', script], { input: xml, encoding: 'utf8' }).trim();
  expect(names).toBe('capability-ineffective file-name-unprintable file-world-writable');
});

test('what stands in a package does not become Markdown', async () => {
  const text = await report(results, 'markdown', options);
  expect(text).toContain('## ');
  const row = text.split('\n').find((line) => line.includes('file-world-writable')) ?? '';
  // four cells: an unescaped | of a name would make a fifth
  expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  expect(row).not.toMatch(/(?<!\\)<b>/);
});

test.each([
  ['a tab', 'CHOWN,\tBAR', 7],
  ['ideographs', '\u540d\u524d, BAR', 6],
  ['an accent of its own', 'e\u0301x, BAR', 4],
  ['an emoji', '\u{1f40d}, BAR', 4],
])('the caret stands below the word in a terminal after %s', async (_, value, columns) => {
  const result = await lintExample({ control: `Jail-Capabilities: ${value}` }, 'source');
  const lines = (await report([result], 'text', options)).split('\n');
  const at = lines.findIndex((line) => line.includes('"BAR" is not a capability'));
  expect(lines[at + 2]).toBe(`${' '.repeat(6)}| ${' '.repeat('XB-Jail-Capabilities: '.length + columns)}^^^`);
});
