import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { runProdng, sharedCache } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-inputs-');
const files = join(scratch, 'served');
const source = join(scratch, 'site');
const controlFile = join(source, 'debian/control');
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
const deb = join(scratch, `site_0.1.0_${architecture}.deb`);
const timeout = 900_000;
const bytes = Buffer.from(`words of ${process.pid} at ${Date.now()}\n`);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const stored = join(sharedCache, 'store/sha256', sha256.slice(0, 2), sha256);
let server: ArchiveServer;
let control: string;

beforeAll(async () => {
  mkdirSync(files);
  writeFileSync(join(files, 'words.txt'), bytes);
  server = await serveFolder(files);
  expect((await runProdng(['new', 'static-binary', source])).status).toBe(0);
  control = readFileSync(controlFile, 'utf8');
  appendFileSync(
    join(source, 'debian/rules'),
    [
      '',
      'execute_after_dh_auto_install:',
      '\tls -lR /build/inputs',
      '\t! (echo more >>/build/inputs/words.txt)',
      '\t! (echo more >/build/inputs/data/other)',
      '\tmkdir -p debian/site/usr/share/site',
      '\tcp ../inputs/words.txt ../inputs/data/again.txt debian/site/usr/share/site/',
      '',
    ].join('\n'),
  );
}, timeout);
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(stored, { force: true });
  server.fault = () => undefined;
});

function declare(...lines: string[]): void {
  writeFileSync(
    controlFile,
    `${control.trimEnd()}\nXB-Jail-Inputs:\n${lines.map((line) => ` ${line}\n`).join('')}`,
  );
}

test('files are fetched once, checked, and lie read-only where the build finds them', {
  timeout,
}, async () => {
  declare(
    `${server.uri}/words.txt sha256:${sha256}`,
    `${server.uri}/elsewhere sha256:${sha256} data/again.txt`,
  );
  const built = await runProdng(['build', '--no-locked', source]);
  expect(built.stderr).not.toContain('prodng:');
  expect(built.status).toBe(0);
  expect(readFileSync(stored).equals(bytes)).toBe(true);
  const root = join(scratch, 'root');
  execFileSync('dpkg-deb', ['-x', deb, root]);
  for (const name of ['words.txt', 'again.txt'])
    expect(
      readFileSync(join(root, 'usr/lib/prodng/jails/site/rootfs/usr/share/site', name)).equals(bytes),
    ).toBe(true);
  expect(execFileSync('dpkg-deb', ['-f', deb, 'Jail-Inputs'], { encoding: 'utf8' })).toContain(
    `sha256:${sha256}`,
  );
  const provenance = readFileSync(deb.replace(/deb$/, 'provenance.json'), 'utf8');
  expect(JSON.parse(provenance).predicate.buildDefinition.resolvedDependencies).toContainEqual({
    uri: `${server.uri}/words.txt`,
    digest: { sha256 },
  });
  const asked = server.requests.length;
  const again = readFileSync(deb);
  expect((await runProdng(['build', '--locked', source])).status).toBe(0);
  expect(server.requests.length).toBe(asked);
  expect(readFileSync(deb).equals(again)).toBe(true);
});

test('other bytes, a missing file and a dead server have different errors, and nothing is kept', {
  timeout,
}, async () => {
  declare(`${server.uri}/words.txt sha256:${sha256}`);
  server.fault = () => ({ kind: 'bytes', bytes: Buffer.from('other') });
  const other = await runProdng(['build', '--no-locked', source]);
  expect(other.status).toBe(1);
  expect(other.stderr).toContain('words.txt: other bytes than are pinned');
  expect(other.stderr).toContain(`wanted ${sha256}`);
  server.fault = () => ({ kind: 'status', status: 404 });
  const gone = await runProdng(['build', '--no-locked', source]);
  expect(gone.status).toBe(2);
  expect(gone.stderr).toMatch(/words\.txt: cannot be fetched\n\s+http.*: not found/);
  server.fault = () => ({ kind: 'cut', after: 3 });
  expect((await runProdng(['build', '--no-locked', source])).stderr).toContain(
    'words.txt: cannot be fetched',
  );
  expect(existsSync(stored)).toBe(false);
  expect(
    readdirSync(join(sharedCache, 'store/partial')).filter((name) => name.includes(sha256)),
  ).not.toContain(`${sha256}.input`);
});

test('a stored file that was damaged is fetched again', { timeout }, async () => {
  declare(
    `${server.uri}/words.txt sha256:${sha256}`,
    `${server.uri}/words.txt sha256:${sha256} data/again.txt`,
  );
  mkdirSync(join(stored, '..'), { recursive: true });
  writeFileSync(
    stored,
    bytes.map((byte) => byte ^ 1),
  );
  const built = await runProdng(['build', '--no-locked', source]);
  expect(built.stderr).not.toContain('prodng:');
  expect(readFileSync(stored).equals(bytes)).toBe(true);
});

const digest = `sha256:${'0'.repeat(64)}`;
test.each([
  ['ftp://example.org/a', digest, '"ftp://example.org/a" is no URL of a file'],
  ['https://me:secret@example.org/a', digest, 'holds a name or password'],
  ['https://example.org/a', 'md5:00', '"md5:00" is no digest'],
  ['https://example.org/', digest, 'ends in no plain name'],
  ['https://example.org/a', `${digest} ../a`, '"../a" is no plain relative path'],
  ['https://example.org/a', `${digest} /etc/a`, '"/etc/a" is no plain relative path'],
  ['https://example.org/a', `${digest} a b`, '"b" is more than a line has'],
  ['https://example.org/a', `${digest} b\n https://example.org/b ${digest}`, '"b" is where "b" is already'],
  [
    'https://example.org/a',
    `${digest} b\n https://example.org/c ${digest} b/c`,
    '"b/c" is where "b" is already',
  ],
])('%s %s is refused where it stands', async (url, rest, message) => {
  declare(`${url} ${rest}`);
  const { status, stderr } = await runProdng(['build', source]);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/debian\/control:\d+/);
});
