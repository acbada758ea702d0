import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { soundProfile } from '../observe/sound-profile.ts';
import { runProdng } from '../support/prodng.ts';

const folder = mkdtempSync(join(tmpdir(), 'prodng-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policy = join(folder, 'strict.policy');
writeFileSync(policy, 'Policy: strict\nJails: hello\n\nOn: syscall-refused\nMatch: mount\nAction: kill\n');

function profile(name: string, refused: number, jail = 'hello'): string {
  const file = join(folder, name);
  const calls = [{ call: 'mount', refused, program: 1, entered: 0, denied: 0, missing: 0 }];
  writeFileSync(file, JSON.stringify({ ...soundProfile, package: jail, calls }));
  return file;
}

it('policy test reports as text and as JSON what a policy would have done', async () => {
  const files = [profile('bad', 2), profile('other', 2, 'web')];
  const text = await runProdng(['policy', 'test', policy, ...files]);
  expect(text).toEqual({
    status: 1,
    stderr: '',
    stdout: `${files[0]}: mount, 2 times: kill on syscall-refused mount (${policy}:4)\n${files[1]}: web: the policy is not for it\n`,
  });
  const { status, stdout } = await runProdng(['policy', 'test', '--json', policy, ...files]);
  expect({ status, report: JSON.parse(stdout) }).toEqual({
    status: 1,
    report: [
      {
        profile: files[0],
        package: 'hello',
        applies: true,
        violations: [
          { what: 'mount', count: 2, rule: 'kill on syscall-refused mount', file: policy, line: 4 },
        ],
      },
      { profile: files[1], package: 'web', applies: false, violations: [] },
    ],
  });
  expect(await runProdng(['policy', 'test', policy, profile('good', 0)])).toMatchObject({ status: 0 });
});

it('policy check reports as JSON what it read', async () => {
  const { status, stdout, stderr } = await runProdng(['policy', 'check', '--json', policy]);
  expect({ status, stderr, report: JSON.parse(stdout) }).toEqual({
    status: 0,
    stderr: '',
    report: [{ file: policy, name: 'strict', rules: 1, jails: ['hello'], mode: 'enforce' }],
  });
});

it('policy diff shows what the second version does otherwise, and fails when it does less', async () => {
  const other = join(folder, 'other.policy');
  writeFileSync(
    other,
    'Policy: strict\nJails: hello web\n\nOn: syscall-refused\nMatch: mount\nAction: log\n',
  );
  expect(await runProdng(['policy', 'diff', policy, other])).toEqual({
    status: 1,
    stderr: '',
    stdout: '        Jails: + web\nweaker  syscall-refused mount: kill -> log\n',
  });
  const { status, stdout } = await runProdng(['policy', 'diff', '--json', other, policy]);
  expect({ status, changes: JSON.parse(stdout) }).toEqual({
    status: 1,
    changes: [
      { text: 'Jails: - web', weaker: true },
      { text: 'syscall-refused mount: log -> kill', weaker: false },
    ],
  });
  expect(await runProdng(['policy', 'diff', policy, policy])).toEqual({ status: 0, stderr: '', stdout: '' });
});
