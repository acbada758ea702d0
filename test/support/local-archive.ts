import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { plainEnvironment, run } from '../../src/system/process.ts';
import { makeSigningKey, type SigningKey } from './signing-key.ts';

/** A tiny package. */
export interface LocalPackage {
  name: string;
  version: string;
  /** More control fields: Depends, Provides, Essential, ... */
  fields?: Record<string, string>;
  /** Bytes in its data that do not compress (default: none). */
  payload?: number;
  /** A .deb that was made otherwise: it goes in as it is. */
  deb?: string;
}

export interface PublishOptions {
  /** The Date of its Release file (default: yesterday). */
  date?: Date;
  validUntil?: Date;
  /** Whose signature; `none` publishes an unsigned Release file (default: the archive's own key). */
  signedWith?: SigningKey | 'none';
  /** Fields of its Release file (defaults: Example, Example); an empty one is left out. */
  origin?: string;
  label?: string;
  /** Also take away the files of packages that are not in the list any more. */
  purge?: boolean;
}

/** A small, real Debian archive in a folder: packages by dpkg-deb, indices by apt-ftparchive, signed by gpg. */
export interface LocalArchive {
  folder: string;
  suite: string;
  key: SigningKey;
  /** The public key as a file. */
  keyring: string;
  publish(packages: readonly LocalPackage[], options?: PublishOptions): Promise<void>;
  /** A .sources file that names it, at its own folder or at the given URI. */
  writeSources(uri?: string): Promise<string>;
  remove(): Promise<void>;
}

/** What every build root needs, as the smallest packages that can be. */
export const buildBasics: readonly LocalPackage[] = [
  { name: 'base-files', version: '12', fields: { Essential: 'yes' } },
  { name: 'build-essential', version: '12.9', fields: { Depends: 'gcc' } },
  { name: 'gcc', version: '12.2' },
  { name: 'fakeroot', version: '1.31' },
];

export async function makeLocalArchive(suite = 'local'): Promise<LocalArchive> {
  const parent = await mkdtemp(join(tmpdir(), 'archive-'));
  const folder = join(parent, 'archive');
  const key = await makeSigningKey(`archive-${suite}`);
  const keyring = join(parent, 'archive.asc');
  await writeFile(keyring, key.armor);
  let sourcesWritten = 0;
  return {
    folder,
    suite,
    key,
    keyring,
    publish: (packages, options = {}) => publish({ parent, folder, suite, key }, packages, options),
    async writeSources(uri = `file:${folder}`) {
      sourcesWritten += 1;
      const path = join(parent, `${sourcesWritten}.sources`);
      const fields = { Types: 'deb', URIs: uri, Suites: suite, Components: 'main', 'Signed-By': keyring };
      await writeFile(path, controlText(fields));
      return path;
    },
    async remove() {
      await key.remove();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

interface Place {
  parent: string;
  folder: string;
  suite: string;
  key: SigningKey;
}

async function publish(
  { parent, folder, suite, key }: Place,
  packages: readonly LocalPackage[],
  {
    date = new Date(Date.now() - 86_400_000),
    validUntil,
    signedWith = key,
    purge = false,
    label = 'Example',
    origin = 'Example',
  }: PublishOptions,
): Promise<void> {
  const pool = join(folder, 'pool/main');
  if (purge) await rm(pool, { recursive: true, force: true });
  for (const item of packages) await buildPackage(join(parent, 'build'), pool, item);
  const dist = join(folder, 'dists', suite);
  await rm(dist, { recursive: true, force: true });
  const binary = join(dist, `main/binary-${hostArchitecture()}`);
  await mkdir(binary, { recursive: true });
  const wanted = new Set(packages.map(({ name, version }) => `${name}=${version}`));
  const { stdout: index } = await run(['apt-ftparchive', 'packages', 'pool'], { cwd: folder });
  const stanzas = index.split('\n\n').filter((stanza) => {
    const value = (field: string) => new RegExp(`^${field}: (.*)$`, 'm').exec(stanza)?.[1];
    return wanted.has(`${value('Package')}=${value('Version')}`);
  });
  await writeFile(join(binary, 'Packages'), stanzas.map((stanza) => `${stanza.trim()}\n`).join('\n'));
  const release = await releaseText(dist, suite, date, { origin, label }, validUntil);
  if (signedWith === 'none') await writeFile(join(dist, 'Release'), release);
  else await writeFile(join(dist, 'InRelease'), await signedWith.clearsign(release));
}

async function releaseText(
  dist: string,
  suite: string,
  date: Date,
  { origin, label }: { origin: string; label: string },
  validUntil?: Date,
): Promise<string> {
  const facts = { Origin: origin, Label: label, Suite: suite, Codename: suite, Components: 'main' };
  const options = Object.entries({ ...facts, Architectures: hostArchitecture() }).flatMap(([name, value]) =>
    value === '' ? [] : ['-o', `APT::FTPArchive::Release::${name}=${value}`],
  );
  const { stdout } = await run(['apt-ftparchive', ...options, 'release', dist]);
  const expiry = validUntil === undefined ? '' : `Valid-Until: ${validUntil.toUTCString()}\n`;
  return stdout.replace(/^Date: .*\n/m, `Date: ${date.toUTCString()}\n${expiry}`);
}

async function buildPackage(scratch: string, pool: string, item: LocalPackage): Promise<void> {
  const { name, version, fields = {}, payload = 0 } = item;
  const architecture = hostArchitecture();
  const target = join(
    pool,
    name[0] ?? '',
    name,
    `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`,
  );
  if (item.deb !== undefined) {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(item.deb, target);
    return;
  }
  const tree = join(scratch, `${name}_${version}`);
  await rm(tree, { recursive: true, force: true });
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  const control = {
    Package: name,
    Version: version,
    Architecture: architecture,
    Maintainer: 'Jane Doe <jane@example.org>',
    ...fields,
    Description: `the package ${name}`,
  };
  await writeFile(join(tree, 'DEBIAN/control'), controlText(control));
  const document = join(tree, 'usr/share/doc', name, 'content');
  await mkdir(dirname(document), { recursive: true });
  await writeFile(document, content(`${name} ${version}`, payload));
  await mkdir(dirname(target), { recursive: true });
  await run(['dpkg-deb', '--root-owner-group', '-Zgzip', '-b', tree, target], {
    env: { ...plainEnvironment, SOURCE_DATE_EPOCH: '1700000000' },
  });
}

function content(seed: string, payload: number): Buffer {
  if (payload === 0) return Buffer.from(`${seed}\n`);
  return createHash('shake256', { outputLength: payload }).update(seed).digest();
}

function controlText(fields: Record<string, string>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}
