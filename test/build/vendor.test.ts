import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatManifest, parseManifest } from '../../src/build/vendor/vendor-manifest.ts';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { serveFolder } from '../support/archive-server.ts';
import { fetchDebianSource } from '../support/debian-source.ts';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-vendor-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const timeout = 1_200_000;
const source = join(scratch, 'site');
const folder = join(scratch, 'site_0.1.0_vendor');
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
const deb = join(scratch, `site_0.1.0_${architecture}.deb`);
const words = Buffer.from(`words ${process.pid} ${Date.now()}\n`);
const sha256 = createHash('sha256').update(words).digest('hex');

beforeAll(async () => {
  mkdirSync(join(scratch, 'served'));
  writeFileSync(join(scratch, 'served/words'), words);
  const server = await serveFolder(join(scratch, 'served'));
  expect((await runProdng(['new', 'static-binary', source])).status).toBe(0);
  appendFileSync(join(source, 'debian/control'), `XB-Jail-Inputs: ${server.uri}/words sha256:${sha256}\n`);
  appendFileSync(join(source, 'debian/rules'), '\nexecute_after_dh_auto_build:\n\ttest -s ../inputs/words\n');
  const built = await runProdng(['build', '--no-locked', source]);
  expect(built.stderr).not.toContain('prodng:');
  expect(built.status).toBe(0);
  const { status, stderr, stdout } = await runProdng(['vendor', source]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  expect(stdout).toContain(`${folder}: `);
  await server.close();
}, timeout);

/** prodng in a network namespace that has not even a loopback, with a cache that has nothing. */
async function unplugged(...argv: string[]) {
  const cache = join(mkdtempSync(join(scratch, 'cache-')), 'cache');
  return await runProdng(argv, { prefix: ['unshare', '--net'], env: { PRODNG_CACHE_DIR: cache } });
}

test('coreutils check the folder by its manifest, which names every file of it', () => {
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder });
  const listed = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.slice(66));
  const found = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\n'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(found.trim().split('\n').sort()).toEqual([...listed, 'SHA256SUMS'].sort());
  expect(listed.some((path) => path.startsWith('debs/debhelper_'))).toBe(true);
  expect(readFileSync(join(folder, 'jail.lock'), 'utf8')).toBe(
    readFileSync(join(source, 'debian/jail.lock'), 'utf8'),
  );
});

test('from the folder alone, without a network, a cache or a lock, come the same bytes', {
  timeout,
}, async () => {
  const again = join(scratch, 'again/site');
  cpSync(source, again, { recursive: true });
  rmSync(join(again, 'debian/jail.lock'));
  const { status, stderr } = await unplugged('build', '--from-vendor', folder, again);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  expect(readFileSync(join(scratch, 'again', basename(deb))).equals(readFileSync(deb))).toBe(true);
  expect(readFileSync(join(again, 'debian/jail.lock'), 'utf8')).toBe(
    readFileSync(join(folder, 'jail.lock'), 'utf8'),
  );
});

function copyOfFolder(): string {
  const copy = mkdtempSync(join(scratch, 'vendor-'));
  execFileSync('cp', ['-a', '--reflink=auto', `${folder}/.`, copy]);
  return copy;
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(path, bytes);
}

test.each(['debs', 'sha256', 'jail.lock'])(
  'one flipped byte in %s is refused with the file named',
  { timeout },
  async (where) => {
    const copy = copyOfFolder();
    const file =
      where === 'jail.lock' ? join(copy, where) : join(copy, where, readdirSync(join(copy, where))[0] ?? '');
    flipByte(file);
    const { status, stderr } = await unplugged('build', '--from-vendor', copy, source);
    expect(status).toBe(1);
    expect(stderr).toContain(`${file}: has SHA-256`);
    rmSync(copy, { recursive: true });
  },
);

test('a flipped byte with a manifest to match is refused too: the lock decides', { timeout }, async () => {
  const copy = copyOfFolder();
  const name = readdirSync(join(copy, 'debs')).find((one) => one.startsWith('libc6_')) ?? '';
  flipByte(join(copy, 'debs', name));
  const manifest = join(copy, 'SHA256SUMS');
  const digest = createHash('sha256')
    .update(readFileSync(join(copy, 'debs', name)))
    .digest('hex');
  const text = readFileSync(manifest, 'utf8')
    .split('\n')
    .map((line) => (line.endsWith(`/${name}`) ? `${digest}${line.slice(64)}` : line));
  writeFileSync(manifest, text.join('\n'));
  const { status, stderr } = await unplugged('build', '--from-vendor', copy, source);
  expect(status).toBe(2);
  expect(stderr).toMatch(/lacks what the build needs:\n\s+libc6 /);
  rmSync(copy, { recursive: true });
});

test('a missing file, a foreign lock and a folder of something else are each reported', {
  timeout,
}, async () => {
  const copy = copyOfFolder();
  const name = readdirSync(join(copy, 'debs'))[0] ?? '';
  rmSync(join(copy, 'debs', name));
  const missing = await unplugged('build', '--from-vendor', copy, source);
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain(`${join(copy, 'debs', name)}: cannot be read: no such file or directory`);
  rmSync(copy, { recursive: true });

  const other = join(scratch, 'other/site');
  cpSync(source, other, { recursive: true });
  const lock = join(other, 'debian/jail.lock');
  writeFileSync(
    lock,
    readFileSync(lock, 'utf8').replace(/^Date: .*/m, 'Date: Thu, 01 Jan 2015 00:00:00 UTC'),
  );
  const foreign = await unplugged('build', '--from-vendor', folder, other);
  expect(foreign.status).toBe(1);
  expect(foreign.stderr).toContain('was made by another lock');

  const none = await unplugged('build', '--from-vendor', scratch, source);
  expect(none.status).toBe(2);
  expect(none.stderr).toContain('no vendor folder: there is no SHA256SUMS');
  const taken = await runProdng(['vendor', source, '--output', dirname(source)]);
  expect(taken.status).toBe(2);
  expect(taken.stderr).toContain('is not empty, and no vendor folder');
});

test('what was never built cannot be vendored, and vendoring again changes nothing', {
  timeout,
}, async () => {
  const fresh = join(scratch, 'fresh');
  expect((await runProdng(['new', 'static-binary', fresh])).status).toBe(0);
  const { status, stderr } = await runProdng(['vendor', fresh]);
  expect(status).toBe(2);
  expect(stderr).toContain('there is no debian/jail.lock');
  expect(existsSync(join(scratch, 'fresh_0.1.0_vendor'))).toBe(false);
  const before = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
  expect((await runProdng(['vendor', source, '--json'])).status).toBe(0);
  expect(readFileSync(join(folder, 'SHA256SUMS'), 'utf8')).toBe(before);
});

test('an ordinary source package is vendored and built unplugged as well', { timeout }, async () => {
  const dsc = await fetchDebianSource('hello', join(scratch, 'hello'));
  const out = join(scratch, 'hello-vendor');
  expect((await runProdng(['build', '--plain', '--no-locked', dsc])).status).toBe(0);
  expect((await runProdng(['vendor', '--plain', dsc, '--output', out])).status).toBe(0);
  const again = join(scratch, 'hello-again');
  const { status, stderr } = await unplugged(
    'build',
    '--plain',
    '--from-vendor',
    out,
    dsc,
    '--output',
    again,
  );
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  const name = readdirSync(again).find((one) => /^hello_.*\.deb$/.test(one)) ?? '';
  expect(readFileSync(join(again, name)).equals(readFileSync(join(dirname(dsc), name)))).toBe(true);
});

test('a manifest reads back as it was written, and other text only ever fails as one', () => {
  const path = fc.array(fc.stringMatching(/^[a-z0-9_+~@][a-z0-9+.~:_-]{0,8}$/), {
    minLength: 1,
    maxLength: 3,
  });
  const file = fc.record({
    path: path.map((parts) => parts.join('/')),
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  });
  const files = fc.uniqueArray(file, { minLength: 1, maxLength: 20, selector: (item) => item.path });
  fc.assert(
    fc.property(files, (list) => {
      expect(parseManifest(formatManifest(list), 'm')).toEqual(
        list.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      );
    }),
  );
  for (const name of ['../x', '/x', 'a/../b', 'a//b', '-x', 'a b', '.', 'a/', 'a\\b'])
    expect(() => parseManifest(`${'0'.repeat(64)}  ${name}\n`, 'm')).toThrow(ProdngError);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseManifest(text, 'm');
      } catch (error) {
        expect(error).toBeInstanceOf(ProdngError);
      }
    }),
  );
});
