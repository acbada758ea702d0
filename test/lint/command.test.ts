import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Example } from '../../src/lint/example.ts';
import { tags } from '../../src/lint/tags.ts';
import { runProdng } from '../support/prodng.ts';
import { writeExampleDeb } from './support/example-deb.ts';
import { writeExampleSource } from './support/example-source.ts';

const scratch = mkdtempSync(join(tmpdir(), 'prodng-lint-cli-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let count = 0;
function source(example: Example = {}): string {
  count += 1;
  const dir = join(scratch, `source-${count}`);
  writeExampleSource(dir, example);
  return dir;
}
function deb(example: Example = {}): string {
  count += 1;
  const path = join(scratch, `hello_${count}_amd64.deb`);
  writeExampleDeb(path, example);
  return path;
}

test('a sound source and a sound .deb pass, and what was checked is said', async () => {
  const { status, stdout } = await runProdng(['lint', source(), deb()]);
  expect(stdout).toMatch(/source-\d+: pass: no findings \(\d+ checks, 3 files\)/);
  expect(stdout).toMatch(/\.deb: pass: no findings \(\d+ checks, 2 files, \d+ entries\)/);
  expect(status).toBe(0);
});

const warned = source({ control: 'Jail-Filesystem: rw /var/lib/hello' });
const rejected = source({ control: 'Jail-Capabilities: SYS_ADMIN' });
const informed = source({ control: 'Jail-Memory:' });

test.each([
  ['a warning asks for a review', warned, [], 1, 'needs review: 1 warning'],
  ['an error rejects', rejected, [], 1, 'reject: 1 error'],
  ['information passes', informed, [], 0, 'pass: 1 info'],
  ['warnings pass where only errors fail', warned, ['--fail-on', 'error'], 0, 'needs review'],
  ['information fails where it shall', informed, ['--fail-on', 'info'], 1, 'pass: 1 info'],
  ['nothing fails with never', rejected, ['--fail-on', 'never'], 0, 'reject'],
])('%s', async (_, path, options, expected, said) => {
  const { status, stdout } = await runProdng(['lint', ...options, path]);
  expect(stdout).toContain(said);
  expect(status).toBe(expected);
});

test('what cannot be read ends with 2, with every fault at its place', async () => {
  const dir = source({ control: 'Jail-Memroy: 1M\nJail-Command:\nJail-Capabilities: FOO,\n BAR' });
  const { status, stdout } = await runProdng(['lint', dir]);
  expect(status).toBe(2);
  expect(stdout).toMatch(
    /^debian\/control:\d+:1: XB-Jail-Memroy: no such field; did you mean "XB-Jail-Memory"\?/m,
  );
  expect(stdout).toMatch(/^debian\/control:\d+: XB-Jail-Command: the field is missing; allowed: /m);
  expect(stdout).toMatch(/^debian\/control:\d+:\d+: XB-Jail-Capabilities: "FOO" is not a capability/m);
  expect(stdout).toMatch(/^debian\/control:\d+:2: XB-Jail-Capabilities: "BAR" is not a capability/m);
});

test('every .deb of a .changes is linted', async () => {
  const path = deb({ control: 'Jail-Filesystem: rw /var/lib/hello' });
  const changes = join(scratch, 'hello.changes');
  const name = path.slice(path.lastIndexOf('/') + 1);
  writeFileSync(
    changes,
    `Format: 1.8\nFiles:\n 00 1 misc optional ${name}\n 00 1 misc optional hello.buildinfo\n`,
  );
  const { status, stdout } = await runProdng(['lint', '--json', changes]);
  expect(JSON.parse(stdout)).toMatchObject({ results: [{ path, kind: 'deb', outcome: 'review' }] });
  expect(status).toBe(1);
});

test('a policy raises tags and adds its own', async () => {
  const policy = join(scratch, 'policy.json');
  writeFileSync(
    policy,
    JSON.stringify({ format: 1, tags: { 'limits-default': 'error' }, networks: { allowed: ['none'] } }),
  );
  const { status, stdout } = await runProdng(['lint', '--policy', policy, '--json', informed]);
  const [result] = JSON.parse(stdout).results;
  expect(result.outcome).toBe('reject');
  expect(
    result.findings.map(({ tag, severity }: { tag: string; severity: string }) => `${severity} ${tag}`),
  ).toEqual(['error limits-default', 'error policy-network']);
  expect(status).toBe(1);
});

test('a policy that is wrong is refused with every fault', async () => {
  const policy = join(scratch, 'wrong.json');
  writeFileSync(
    policy,
    '{ "format": 1, "tags": { "no-such-tag": "error" }, "limits": { "memory": "big" }, "x": 1 }',
  );
  const { status, stderr } = await runProdng(['lint', '--policy', policy, informed]);
  for (const fault of ['tags.no-such-tag: no such tag', 'limits.memory: not a size', '"x"'])
    expect(stderr).toContain(fault);
  expect(status).toBe(2);
});

test('overrides of a file cover findings, with their reason in the report', async () => {
  const overrides = join(scratch, 'overrides');
  writeFileSync(overrides, 'Tag: volume-without-size\nContext: /var/lib/*\nReason: the disk is its own\n');
  const { status, stdout } = await runProdng(['lint', '--overrides', overrides, '--json', warned]);
  expect(JSON.parse(stdout).results[0]).toMatchObject({
    outcome: 'pass',
    findings: [{ tag: 'volume-without-size', overridden: 'the disk is its own' }],
  });
  expect(status).toBe(0);
});

test('--score says what an exposure comes from', async () => {
  const { stdout } = await runProdng(['lint', '--score', '--fail-on', 'never', rejected]);
  expect(stdout).toMatch(/^exposure: 3\.\d of 10\n {2}capabilities +3\.0 of 3\.0 {2}CAP_SYS_ADMIN$/m);
});

test('--fix applies fixes, shows the change on standard error, and lints the result', async () => {
  const { status, stdout, stderr } = await runProdng([
    'lint',
    '--fix',
    '--json',
    source({ control: 'Jail-Capabilities: KILL, KILL' }),
  ]);
  expect(stderr).toContain('+XB-Jail-Capabilities: KILL\n');
  expect(JSON.parse(stdout).results[0].outcome).toBe('pass');
  expect(status).toBe(0);
});

test('--list-tags lists all, --explain explains one', async () => {
  const { stdout: list } = await runProdng(['lint', '--list-tags']);
  expect(list.trim().split('\n')).toHaveLength(tags.length);
  const { stdout, status } = await runProdng(['lint', '--explain', 'library-missing']);
  expect(stdout).toMatch(/^library-missing \(error, certain; hermetic\)\n\n.*\n\n.*\nFix: /s);
  expect(status).toBe(0);
  const wrong = await runProdng(['lint', '--explain', 'libary-missing']);
  expect(wrong.stderr).toContain('did you mean "library-missing"?');
  expect(wrong.status).toBe(2);
});
