// Wraps real packages of the Debian archive, and explains what lint says of them: npm run field [-- PACKAGE...]
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldPackages } from './packages.ts';
import { fieldReport, unexplained } from './report.ts';
import { type FieldResult, wrap } from './wrap.ts';

const wanted = process.argv.slice(2);
const chosen = fieldPackages.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const folder = await mkdtemp('/var/tmp/prodng-field-');
const results: FieldResult[] = [];
try {
  for (const item of chosen) {
    const result = await wrap(item, folder);
    results.push(result);
    const { name, findings, works, failed, command } = result;
    const serious = findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
    const answer =
      works === undefined
        ? 'not asked'
        : works.matches
          ? `works: ${works.answer}`
          : `no answer: ${works.log.slice(-400)}`;
    console.log(`${name}: ${failed ?? `${serious.length} findings; ${answer}`}\n    ${command}`);
    for (const { of, severity, tag, context, message } of serious)
      console.log(`    ${of} ${severity} ${tag} ${context ?? ''}: ${message}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (process.env.FIELD_JSON !== undefined)
  writeFileSync(process.env.FIELD_JSON, JSON.stringify(results, undefined, 1));
if (wanted.length === 0) writeFileSync(join('docs', 'field-bench.md'), fieldReport(results));
const open = unexplained(results);
for (const { name, finding } of open)
  console.error(`${name}: nobody explains ${finding.tag} ${finding.context ?? ''}: ${finding.message}`);
const failures = results.filter(({ failed }) => failed !== undefined);
if (chosen.length === 0) throw new Error('no package was wrapped');
process.exitCode = open.length > 0 || failures.length > 0 ? 1 : 0;
