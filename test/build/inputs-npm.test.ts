import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { runProdng, sharedCache } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-npm-');
const registry = join(scratch, 'registry');
const home = join(scratch, 'home');
const source = join(scratch, 'web');
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
const deb = join(scratch, `web_0.1.0_${architecture}.deb`);
const timeout = 1_200_000;
let server: ArchiveServer;

interface Packed {
  name: string;
  version: string;
  integrity: string;
  sha512: string;
}

/** Puts a package into the registry as `npm publish` would: the file that `npm pack` makes. */
function publish(
  name: string,
  version: string,
  main: string,
  dependencies: Record<string, string> = {},
): Packed {
  const folder = join(scratch, 'packages', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, dependencies }));
  writeFileSync(join(folder, 'index.js'), main);
  const target = join(registry, name, '-');
  mkdirSync(target, { recursive: true });
  execFileSync('npm', ['pack', '--pack-destination', target], { cwd: folder, stdio: 'pipe' });
  const base = name.replace(/^@[^/]+\//, '');
  const packed = join(target, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const path = join(target, `${base}-${version}.tgz`);
  if (packed !== path) cpSync(packed, path);
  const hash = createHash('sha512').update(readFileSync(path));
  const sha512 = hash.copy().digest('hex');
  return { name, version, integrity: `sha512-${hash.digest('base64')}`, sha512 };
}

const stored = ({ sha512 }: Packed) => join(sharedCache, 'store/sha512', sha512.slice(0, 2), sha512);
const prodng = (...argv: string[]) => runProdng(argv, { env: { HOME: home } });
/** What `prodng verify` says against the .deb. */
async function failedChecks(): Promise<object[]> {
  const { stdout } = await prodng('verify', deb, '--json');
  const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string; findings: string[] }[] };
  return checks.filter(({ status }) => status === 'failed').map(({ id, findings }) => ({ id, findings }));
}

let greet: Packed;
let text: Packed;

/** As npm writes it; `resolved` is what differs from one configuration of npm to another. */
function packageLock(resolved: (item: Packed) => { resolved?: string }, integrity = greet.integrity): void {
  const entry = (item: Packed) => ({
    version: item.version,
    ...resolved(item),
    integrity: item.integrity,
    license: 'MIT',
  });
  const lock = {
    name: 'web',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'web', dependencies: { greet: '^1.0.0' } },
      'node_modules/greet': { ...entry(greet), integrity, dependencies: { '@words/text': '2.x' } },
      'node_modules/@words/text': entry(text),
    },
  };
  writeFileSync(join(source, 'package-lock.json'), `${JSON.stringify(lock, undefined, 2)}\n`);
}

beforeAll(async () => {
  mkdirSync(home);
  text = publish('@words/text', '2.1.0', `module.exports = 'good day ${process.pid} ${Date.now()}';\n`);
  greet = publish('greet', '1.0.3', `module.exports = () => require('@words/text'); // ${Date.now()}\n`, {
    '@words/text': '2.x',
  });
  server = await serveFolder(registry);
  writeFileSync(join(home, '.npmrc'), `registry=${server.uri}/\n`);
  expect((await prodng('new', 'node-service', source)).status).toBe(0);
  const edit = (path: string, change: (old: string) => string) =>
    writeFileSync(join(source, path), change(readFileSync(join(source, path), 'utf8')));
  edit('package.json', (old) => JSON.stringify({ ...JSON.parse(old), dependencies: { greet: '^1.0.0' } }));
  edit('debian/control', (old) => old.replace(/^Build-Depends: .*/m, '$&, npm'));
  edit('debian/rules', (old) => `${old}\noverride_dh_auto_build:\n\tnpm ci --omit=dev --ignore-scripts\n`);
  edit('debian/install', (old) => `${old}node_modules usr/share/web\n`);
  edit(
    'service.test.js',
    (old) => `import greet from 'greet';\nif (!greet().startsWith('good day')) throw 1;\n${old}`,
  );
}, timeout);
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

test('npm ci finds what package-lock.json pins, with no network and whatever registry it came from', {
  timeout,
}, async () => {
  packageLock(() => ({}));
  const built = await prodng('build', '--no-locked', source);
  expect(built.stderr).not.toContain('prodng:');
  expect(built.status).toBe(0);
  expect(server.requests.map(({ target }) => target).sort()).toEqual([
    '/@words/text/-/text-2.1.0.tgz',
    '/greet/-/greet-1.0.3.tgz',
  ]);
  const root = join(scratch, 'root');
  execFileSync('dpkg-deb', ['-x', deb, root]);
  const modules = join(root, 'usr/lib/prodng/jails/web/rootfs/usr/share/web/node_modules');
  const said = execFileSync('node', ['-p', `require(${JSON.stringify(join(modules, 'greet'))})()`]);
  expect(said.toString()).toMatch(/^good day /);
  const provenance = readFileSync(deb.replace(/deb$/, 'provenance.json'), 'utf8');
  expect(provenance).toContain('"pkg:npm/%40words/text@2.1.0"');
  expect(provenance).toContain(greet.sha512);
  const sbom = deb.replace(/deb$/, 'cdx.json');
  const document = JSON.parse(readFileSync(sbom, 'utf8')) as { components: { name: string }[] };
  expect(document.components).toContainEqual(
    expect.objectContaining({
      name: '@words/text',
      version: '2.1.0',
      purl: 'pkg:npm/%40words/text@2.1.0',
      licenses: [{ license: { id: 'MIT' } }],
      hashes: expect.arrayContaining([{ alg: 'SHA-512', content: text.sha512 }]),
    }),
  );
  expect(await failedChecks()).toEqual([]);
  document.components = document.components.filter(({ name }) => name !== 'greet');
  writeFileSync(sbom, JSON.stringify(document));
  expect(await failedChecks()).toEqual([
    { id: 'sbom', findings: [expect.stringMatching(/^it omits greet 1\.0\.3 \(SHA-256 [0-9a-f]{64}\)$/)] },
  ]);
  // nothing of the registry is in what was built, or the same source would give other bytes elsewhere
  expect(readFileSync(join(modules, '.package-lock.json'), 'utf8')).not.toContain('127.0.0.1');

  const first = readFileSync(deb);
  packageLock(({ name, version }) => ({
    resolved: `${server.uri}/${name}/-/${name.replace(/.*\//, '')}-${version}.tgz`,
  }));
  rmSync(stored(greet));
  expect((await prodng('build', '--locked', source)).status).toBe(0);
  expect(readFileSync(deb).equals(first)).toBe(true);
});

test('a registry that serves other bytes is refused, naming the package', { timeout }, async () => {
  packageLock(() => ({}));
  rmSync(stored(text));
  server.fault = () => ({ kind: 'bytes', bytes: Buffer.from('evil') });
  const { status, stderr } = await prodng('build', '--locked', source);
  server.fault = () => undefined;
  expect(status).toBe(1);
  expect(stderr).toContain('@words/text@2.1.0: other bytes than are pinned');
});

test.each([
  ['no integrity', ''],
  ['an integrity that can be forged', 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='],
])('a package with %s is refused by name', { timeout }, async (_, integrity) => {
  packageLock(() => ({}), integrity);
  const { status, stderr } = await prodng('build', '--locked', source);
  expect(status).toBe(2);
  expect(stderr).toContain('node_modules/greet: no integrity by sha512');
});

test('a lock of an old npm is refused with what makes a new one', { timeout }, async () => {
  writeFileSync(join(source, 'package-lock.json'), '{"lockfileVersion": 1, "dependencies": {}}');
  const { status, stderr } = await prodng('build', '--locked', source);
  expect(status).toBe(2);
  expect(stderr).toContain('--lockfile-version 3');
});
