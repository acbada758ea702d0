import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import type { LintResult } from '../../../src/lint/lint.ts';
import { report } from '../../../src/lint/report/report.ts';
import { tags } from '../../../src/lint/tags.ts';
import { exampleKinds, lintExample } from '../support/lint-example.ts';

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

/** The schema that OASIS publishes. It is a draft-04 schema, of which it uses nothing that later drafts changed but `id`. */
function officialSchema(): ValidateFunction {
  const path = createRequire(import.meta.url).resolve(
    '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
  );
  const { $schema, id, ...schema } = JSON.parse(readFileSync(path, 'utf8'));
  expect(String($schema)).toContain('draft-04');
  expect(String(id)).toContain('sarif-2.1.0');
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

interface SarifLog {
  runs: {
    tool: { driver: { rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      locations: {
        physicalLocation: { artifactLocation: { uri: string }; region?: { startColumn?: number } };
      }[];
      suppressions?: unknown[];
    }[];
  }[];
}

const validate = officialSchema();

test('SARIF of every tag is valid by the official schema', async () => {
  const examples = await Promise.all(
    tags.flatMap((tag) => exampleKinds(tag).map(async (kind) => await lintExample(tag.triggers, kind))),
  );
  const log: SarifLog = JSON.parse(await report([...results, ...examples], 'sarif', options));
  expect(validate(log), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
  const ids = log.runs.flatMap(({ tool }) => tool.driver.rules.map(({ id }) => id));
  expect(ids.sort()).toEqual(tags.map(({ id }) => id).sort());
});

test('the official schema refuses what is no SARIF', async () => {
  const log: SarifLog = JSON.parse(await report(results, 'sarif', options));
  const [run] = log.runs;
  expect(validate({ ...log, version: '2.0.0' })).toBe(false);
  expect(validate({ ...log, runs: [{ ...run, colour: 'red' }] })).toBe(false);
  expect(validate({ ...log, runs: [{ ...run, results: [{ ruleId: 'x' }] }] })).toBe(false);
});

test('SARIF has rules, places and suppressions', async () => {
  const log: SarifLog = JSON.parse(await report(results, 'sarif', options));
  expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
  const [run] = log.runs;
  const found = run?.results.find(({ ruleId }) => ruleId === 'capability-ineffective');
  expect(found?.level).toBe('error');
  expect(found?.locations[0]?.physicalLocation.region).toMatchObject({ startColumn: 2, endColumn: 10 });
  expect(run?.tool.driver.rules[found?.ruleIndex ?? -1]?.id).toBe('capability-ineffective');
  const overridden = run?.results.filter(({ suppressions }) => suppressions !== undefined);
  expect(overridden?.map(({ ruleId }) => ruleId)).toEqual(['limits-default']);
  for (const { ruleId, ruleIndex, locations } of run?.results ?? []) {
    expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    for (const { physicalLocation } of locations)
      expect(physicalLocation.artifactLocation.uri).toMatch(/^(?:file:\/\/\/)?[\w.%~-][\w./%~-]*$/);
  }
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

test('text of a package does not become Markdown', async () => {
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
