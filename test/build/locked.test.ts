import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-locked-');
const source = join(scratch, 'hello');
const lock = join(source, 'debian/jail.lock');
const control = join(source, 'debian/control');
const timeout = 300_000;

beforeAll(async () => {
  expect((await runProdng(['new', 'python-service', source])).status).toBe(0);
}, timeout);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function edit(path: string, from: RegExp, to: string): string {
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
  return text;
}

test('--locked without a lock is refused, and is the default where CI is set', { timeout }, async () => {
  for (const options of [{ argv: ['--locked'] }, { argv: [], env: { CI: 'true' } }]) {
    const { argv, ...rest } = options;
    const { status, stderr } = await runProdng(['build', source, ...argv], rest);
    expect(status).toBe(2);
    expect(stderr).toContain('there is no debian/jail.lock');
    expect(stderr).toContain('prodng lock');
  }
});

test('a locked build leaves the lock alone, and says which dependency it does not cover', {
  timeout,
}, async () => {
  const first = await runProdng(['build', source]);
  expect(first.stderr).not.toContain('prodng:');
  expect(first.status).toBe(0);
  const before = readFileSync(lock, 'utf8');
  expect((await runProdng(['build', source, '--locked'])).status).toBe(0);
  expect(readFileSync(lock, 'utf8')).toBe(before);

  const old = edit(control, /^Build-Depends:/m, 'Build-Depends: zlib1g-dev,');
  const outdated = await runProdng(['build', source, '--locked']);
  expect(outdated.status).toBe(1);
  expect(outdated.stderr).toContain('Build-Depends now has zlib1g-dev');
  writeFileSync(control, old);
  expect(readFileSync(lock, 'utf8')).toBe(before);
});

test('a locked build whose package needs more than the locked rootfs has is refused by name', {
  timeout,
}, async () => {
  const before = readFileSync(lock, 'utf8');
  const rules = join(source, 'debian/rules');
  const old = readFileSync(rules, 'utf8');
  writeFileSync(
    rules,
    `${old}\noverride_dh_gencontrol:\n\tdh_gencontrol -- '-Vmisc:Depends=sqlite3 (>= 3)'\n`,
  );
  const { status, stderr } = await runProdng(['build', source, '--locked']);
  expect(status).toBe(1);
  expect(stderr).toContain('sqlite3 (>= 3): not in the lock');
  expect(readFileSync(lock, 'utf8')).toBe(before);
  writeFileSync(rules, old);
});

test('every fault of the control file is reported at once, and nothing is built', async () => {
  const old = edit(
    control,
    /^(XB-Jail-Format:.*\n)/m,
    '$1XB-Jail-Memroy: 64M\nXB-Jail-Network: bridge\nXB-Jail-Cpu: fast\n',
  );
  const { status, stderr } = await runProdng(['build', source]);
  writeFileSync(control, old);
  expect(status).toBe(2);
  expect(stderr).toMatch(/debian\/control:\d+.*Jail-Memroy/);
  expect(stderr).toMatch(/debian\/control:\d+.*Jail-Network/);
  expect(stderr).toMatch(/debian\/control:\d+.*Jail-Cpu/);
  expect(stderr).not.toContain('Building');
});
