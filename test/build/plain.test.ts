import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fetchDebianSource } from '../support/debian-source.ts';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-plain-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const timeout = 900_000;

/** A copy of hello's source package, to be worked on. */
async function hello(name: string): Promise<{ folder: string; dsc: string }> {
  const folder = join(scratch, name);
  return { folder, dsc: await fetchDebianSource('hello', folder) };
}

const packagesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => !name.endsWith('.build'))
    .sort();

test('a .dsc of Debian is built by its lock, twice to the same bytes, and Debian accepts them', {
  timeout,
}, async () => {
  const { folder, dsc } = await hello('twice');
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  const built = await runProdng(['build', '--plain', '--no-locked', dsc, '--output', first]);
  expect(built.stderr).not.toContain('prodng:');
  expect(built.status).toBe(0);
  const lock = readFileSync(join(folder, `${basename(dsc, '.dsc')}.lock`), 'utf8');
  expect(lock).toContain('Package: texinfo');
  expect(lock).not.toContain('rootfs');

  const again = await runProdng(['build', '--plain', '--locked', '--json', dsc, '--output', second]);
  expect(again.status).toBe(0);
  const result: unknown = JSON.parse(again.stdout);
  expect(result).toMatchObject({ name: 'hello', lockWritten: false });
  expect(packagesIn(second)).toEqual(packagesIn(first));
  expect(packagesIn(first).map((name) => name.replace(/.*\./, ''))).toEqual([
    'deb',
    'buildinfo',
    'changes',
    'deb',
  ]);
  for (const name of packagesIn(first))
    expect(readFileSync(join(first, name)).equals(readFileSync(join(second, name)))).toBe(true);

  const deb = join(first, packagesIn(first).find((name) => /^hello_.*\.deb$/.test(name)) ?? '');
  const root = join(folder, 'root');
  mkdirSync(root);
  execFileSync('dpkg-deb', ['-x', deb, root]);
  expect(execFileSync(join(root, 'usr/bin/hello'), { encoding: 'utf8' })).toContain('Hello, world!');
  // the .changes has the digests of what lies beside it
  const changes = readFileSync(
    join(first, packagesIn(first).find((name) => name.endsWith('.changes')) ?? ''),
    'utf8',
  );
  const sums = changes.match(/^ [0-9a-f]{64} \d+ \S+$/gm) ?? [];
  expect(sums).toHaveLength(3);
  const list = sums.map((line) => line.trim().replace(/ \d+ /, '  ')).join('\n');
  execFileSync('sha256sum', ['--check', '--strict'], { cwd: first, input: `${list}\n` });
});

test('a folder is built too, with its lock in debian/', { timeout }, async () => {
  const { folder, dsc } = await hello('folder');
  const source = join(folder, 'hello');
  execFileSync('dpkg-source', ['--no-check', '-x', dsc, source], { stdio: 'ignore' });
  const built = await runProdng(['build', '--plain', '--no-locked', source]);
  expect(built.stderr).not.toContain('prodng:');
  expect(built.status).toBe(0);
  expect(readFileSync(join(source, 'debian/jail.lock'), 'utf8')).toContain('Package: help2man');
  expect(packagesIn(folder).filter((name) => name.endsWith('.changes'))).toHaveLength(1);
  // nothing of the build is left in the source
  expect(readdirSync(join(source, 'debian'))).not.toContain('hello');

  const control = join(source, 'debian/control');
  const text = readFileSync(control, 'utf8').replace('Build-Depends: ', 'Build-Depends: jq, ');
  writeFileSync(control, text);
  const outdated = await runProdng(['build', '--plain', '--locked', source]);
  expect(outdated.status).toBe(1);
  expect(outdated.stderr).toContain('Build-Depends now has jq');
});

test('a damaged, missing or hostile file of a .dsc is refused by name before anything is built', {
  timeout,
}, async () => {
  const { folder, dsc } = await hello('damaged');
  const orig = readdirSync(folder).find((name) => name.endsWith('.orig.tar.gz')) ?? '';
  const text = readFileSync(dsc, 'utf8');
  appendFileSync(join(folder, orig), 'x');
  const damaged = await runProdng(['build', '--plain', dsc]);
  expect(damaged.status).toBe(1);
  expect(damaged.stderr).toContain(`${orig}: has SHA-256`);

  rmSync(join(folder, orig));
  const missing = await runProdng(['build', '--plain', dsc]);
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain(`${orig}: cannot be read: no such file or directory`);

  writeFileSync(dsc, text.replaceAll(orig, `../${orig}`));
  const climbing = await runProdng(['build', '--plain', dsc]);
  expect(climbing.status).toBe(2);
  expect(climbing.stderr).toContain('a plain file name');

  writeFileSync(dsc, text.replace(/^Checksums-Sha256:\n(?: .*\n)+/m, ''));
  const without = await runProdng(['build', '--plain', dsc]);
  expect(without.stderr).toContain('Checksums-Sha256: the field is missing');
  expect(readdirSync(folder).filter((name) => /\.(?:deb|lock|build)$/.test(name))).toEqual([]);
});

test('a locked build of a .dsc without a lock says where the lock would be', { timeout }, async () => {
  const { folder, dsc } = await hello('unlocked');
  const { status, stderr } = await runProdng(['build', '--plain', '--locked', dsc]);
  expect(status).toBe(2);
  expect(stderr).toContain(`there is no ${join(folder, basename(dsc, '.dsc'))}.lock`);
});
