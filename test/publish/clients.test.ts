import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { formatProvenance } from '../../src/build/evidence/provenance.ts';
import { formatSbom } from '../../src/build/evidence/sbom.ts';
import { parseLock } from '../../src/lock/lock-parser.ts';
import { formatLock } from '../../src/lock/lock-text.ts';
import { run } from '../../src/system/process.ts';
import { makeAgentHost } from '../support/agent-host.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { auditSuite, contents, digest, makePublishing, newFolder, type Publishing } from './publishing.ts';

vi.setConfig({ testTimeout: 300_000 });

let publishing: Publishing;
let server: ArchiveServer;
let uri: string;
let keyring: string;

beforeAll(async () => {
  publishing = await makePublishing();
  const { archive, ok, jail } = publishing;
  const api = await jail('api', '2.0-1');
  await ok(archive, await jail('web', '1.3-1'), api, '--suite', 'staging', '--origin', 'Example');
  await ok('promote', archive, 'web,api', 'staging', 'production', '--create');
  server = await serveFolder(publishing.folder);
  uri = `${server.uri}/archive`;
  keyring = join(archive, 'archive-keyring.asc');
});

afterAll(async () => {
  await server.close();
  publishing.remove();
});

/** Runs a client; the server is in this process, which must not wait for it. */
async function client(
  argv: readonly [string, ...string[]],
  env: Record<string, string> = {},
): Promise<string> {
  const base = { PATH: process.env.PATH ?? '', HOME: publishing.folder, LC_ALL: 'C.UTF-8' };
  const { stdout, stderr } = await run(argv, { env: { ...base, ...env }, timeout: 60_000 });
  return `${stdout}${stderr}`;
}

/** A root of its own for apt and dpkg. */
function aptRoot(name: string, suite: string): (...args: string[]) => Promise<string> {
  const root = newFolder(publishing.folder, name);
  for (const path of [
    'state/lists/partial',
    'cache/archives/partial',
    'etc/apt.conf.d',
    'etc/preferences.d',
    'log',
    'root/var/lib/dpkg/updates',
    'root/var/lib/dpkg/info',
  ])
    newFolder(root, path);
  for (const file of ['status', 'available']) writeFileSync(join(root, 'root/var/lib/dpkg', file), '');
  writeFileSync(join(root, 'etc/sources.list'), `deb [signed-by=${keyring}] ${uri} ${suite} main\n`);
  const configuration = join(root, 'apt.conf');
  writeFileSync(
    configuration,
    `Dir::State "${root}/state";
Dir::State::status "${root}/root/var/lib/dpkg/status";
Dir::Cache "${root}/cache";
Dir::Etc "${root}/etc";
Dir::Log "${root}/log";
APT::Sandbox::User "root";
Acquire::Languages "none";
DPkg::Options { "--force-unsafe-io"; "--root=${root}/root"; "--force-script-chrootless"; };
`,
  );
  // apt closes every number below the limit each time that it starts a program
  return (...args) =>
    client(['prlimit', '--nofile=1024', 'apt-get', '-y', '-q', ...args], {
      APT_CONFIG: configuration,
      DEBIAN_FRONTEND: 'noninteractive',
    });
}

it('reprepro updates from it', async () => {
  const base = newFolder(publishing.folder, 'reprepro');
  newFolder(base, 'conf');
  const home = newFolder(publishing.folder, 'gnupg');
  await client(['chmod', '700', home]);
  await client(['gpg', '--batch', '--quiet', '--import', keyring], { GNUPGHOME: home });
  const key = /^pub:(?:[^:]*:){3}([^:]*)/m.exec(
    await client(['gpg', '--with-colons', '--list-keys'], { GNUPGHOME: home }),
  )?.[1];
  writeFileSync(
    join(base, 'conf/distributions'),
    'Codename: mirrored\nArchitectures: amd64\nComponents: main\nUpdate: prodng\n',
  );
  writeFileSync(
    join(base, 'conf/updates'),
    `Name: prodng\nMethod: ${uri}\nSuite: production\nComponents: main\nArchitectures: amd64\nVerifyRelease: ${key}\n`,
  );
  await client(['reprepro', '-b', base, '--noskipold', 'update'], { GNUPGHOME: home });
  const listed = await client(['reprepro', '-b', base, 'list', 'mirrored'], { GNUPGHOME: home });
  expect(listed).toContain('amd64: web 1.3-1');
  expect(listed).toContain('amd64: api 2.0-1');
  await client(['gpgconf', '--kill', 'all'], { GNUPGHOME: home });
});

it('aptly mirrors it', async () => {
  const base = newFolder(publishing.folder, 'aptly');
  const configuration = join(base, 'aptly.conf');
  writeFileSync(configuration, JSON.stringify({ rootDir: base, gpgProvider: 'gpg' }));
  const trusted = join(base, 'trusted.gpg');
  await client(['gpg', '--batch', '-o', trusted, '--dearmor', keyring]);
  const aptly = (...args: string[]) => client(['aptly', `-config=${configuration}`, ...args]);
  await aptly(
    'mirror',
    'create',
    '-architectures=amd64',
    `-keyring=${trusted}`,
    'web',
    uri,
    'production',
    'main',
  );
  await aptly('mirror', 'update', `-keyring=${trusted}`, 'web');
  expect(await aptly('mirror', 'show', '-with-packages', 'web')).toContain('web_1.3-1_amd64');
});

it('debmirror mirrors it', async () => {
  const target = join(publishing.folder, 'debmirror');
  const trusted = join(publishing.folder, 'aptly/trusted.gpg');
  await client([
    'debmirror',
    target,
    '--method=http',
    `--host=127.0.0.1:${server.port}`,
    '--root=archive',
    '--dist=production',
    '--section=main',
    '--arch=amd64',
    '--nosource',
    '--rsync-extra=none',
    `--keyring=${trusted}`,
  ]);
  expect(readdirSync(join(target, 'pool/main/w/web'))).toContain('web_1.3-1_amd64.deb');
  expect(existsSync(join(target, 'dists/production/InRelease'))).toBe(true);
});

it('prodng install takes a jail from it over plain HTTP', async () => {
  const host = await makeAgentHost();
  try {
    const sources = join(host.folder, 'archives.sources');
    writeFileSync(
      sources,
      `Types: deb\nURIs: ${uri}\nSuites: production\nComponents: main\nSigned-By: ${keyring}\n`,
    );
    writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ archives: sources }));
    await host.startAgent();
    expect(await host.ok('install', '--no-start', 'web')).toContain('web 1.3-1');
    await host.ok('rm', 'web');
  } finally {
    await host.endAgent('SIGTERM');
    await host.remove();
  }
});

const rootfs = 'usr/lib/prodng/jails/web/rootfs/bin/busybox';

it('stock apt-get installs from it, and upgrades once a newer version is promoted', async () => {
  const apt = aptRoot('apt', 'production');
  expect(await apt('update')).not.toMatch(/^[WE]:/m);
  const requests = server.requests.map(({ target }) => target);
  expect(requests.some((path) => path.includes('/main/binary-amd64/by-hash/SHA256/'))).toBe(true);
  await apt('install', 'web');
  const taken = readFileSync(join(publishing.folder, 'apt/root', rootfs));
  expect(taken.equals(readFileSync('/bin/busybox'))).toBe(true);
  const { archive, ok, jail } = publishing;
  await ok(archive, await jail('web', '1.4-1'), '--suite', 'staging');
  expect(await apt('update')).not.toMatch(/^[WE]:/m);
  expect(await apt('upgrade')).toContain('0 upgraded');
  await ok('promote', archive, 'web=1.4-1', 'staging', 'production');
  await apt('update');
  expect(await apt('upgrade')).toContain('Setting up web (1.4-1)');
});

it('a snapshot goes on having what the suite had, for apt too', async () => {
  const { archive, ok, jail } = publishing;
  const name = (await ok('snapshot', archive, 'staging')).trim();
  await ok(archive, await jail('late', '1-1'), '--suite', 'staging');
  const apt = aptRoot('apt-snapshot', name);
  expect(await apt('update')).not.toMatch(/^[WE]:/m);
  expect(await apt('install', '--download-only', 'web=1.3-1')).toContain('web');
  await expect(apt('install', '--download-only', 'late')).rejects.toThrow(/Unable to locate package late/);
  expect(await publishing.publish([archive, await jail('later', '1-1'), '--suite', name])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('is a snapshot of staging, which never changes'),
  });
});

it('a client finds the evidence of a package from its signed stanza, with its digests', async () => {
  const { archive, ok, jail } = publishing;
  const deb = await jail('proven', '1.0-1');
  const lock = formatLock({
    format: 1,
    architecture: 'amd64',
    buildDepends: '',
    depends: '',
    builtDepends: '',
    archives: [],
    packages: [],
  });
  const sha256 = digest(readFileSync(deb));
  const common = { sourceDateEpoch: 1_700_000_000, inputs: [] };
  const stem = deb.replace(/\.deb$/, '');
  writeFileSync(
    `${stem}.cdx.json`,
    formatSbom({
      ...common,
      name: 'proven',
      version: '1.0-1',
      architecture: 'amd64',
      sha256,
      source: 'proven',
      packages: [],
    }),
  );
  writeFileSync(
    `${stem}.provenance.json`,
    formatProvenance({
      ...common,
      subject: { name: 'proven_1.0-1_amd64.deb', sha256 },
      source: { name: 'proven', version: '1.0-1', sha256: digest(Buffer.of()) },
      lock: parseLock(lock, 'jail.lock'),
      lockSha256: digest(Buffer.from(lock)),
      environment: {},
      builder: 'urn:example:builder',
    }),
  );
  await ok(archive, deb, '--suite', 'staging');
  expect(auditSuite(archive, 'staging')).toContain('proven=1.0-1');
  const index = await (await fetch(`${uri}/dists/staging/main/binary-amd64/Packages`)).text();
  const stanza = index.split('\n\n').find((text) => text.startsWith('Package: proven\n')) ?? '';
  const field = /^Prodng-Evidence:\n((?: .*\n?)+)/m.exec(stanza)?.[1] ?? '';
  const named = field
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '));
  expect(named).toHaveLength(2);
  expect(new Set(named.map(([, , kind]) => kind))).toEqual(new Set(['provenance', 'sbom']));
  for (const [wanted = '', size, kind, path] of named) {
    const bytes = Buffer.from(await (await fetch(`${uri}/${path}`)).arrayBuffer());
    expect({ sha256: digest(bytes), size: String(bytes.length) }).toEqual({ sha256: wanted, size });
    const suffix = kind === 'sbom' ? '.cdx.json' : '.provenance.json';
    expect(bytes.equals(readFileSync(stem + suffix))).toBe(true);
  }
});

it('Contents names the package of a path, in the order of paths', () => {
  const lines = contents(publishing.archive, 'production');
  expect(lines).toContainEqual(
    expect.stringMatching(/^usr\/lib\/prodng\/jails\/web\/rootfs\/bin\/busybox +web$/),
  );
  expect(lines).toEqual([...lines].sort());
});
