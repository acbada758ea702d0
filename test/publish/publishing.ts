import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { type BusyboxJail, makeBusyboxJail } from '../support/busybox-jail.ts';
import { type Ended, type ProdngOptions, runProdng, sharedCache } from '../support/prodng.ts';

/** A publisher with a key of its own, and an archive that is not there yet. */
export interface Publishing {
  folder: string;
  archive: string;
  env: Record<string, string>;
  /** Runs `prodng publish ARGV`. */
  publish: (argv: readonly string[], options?: ProdngOptions) => Promise<Ended>;
  /** The same, which must work. */
  ok: (...argv: string[]) => Promise<string>;
  /** A jail that passes prodng verify, as NAME_VERSION_ARCH.deb. */
  jail: (name: string, version: string, jail?: BusyboxJail) => Promise<string>;
  remove: () => void;
}

export async function makePublishing(): Promise<Publishing> {
  const folder = mkdtempSync(join(tmpdir(), 'publish-'));
  const archive = join(folder, 'archive');
  const env = { PRODNG_STATE_DIR: join(folder, 'state'), PRODNG_CACHE_DIR: sharedCache };
  const publish: Publishing['publish'] = (argv, options = {}) =>
    runProdng(['publish', ...argv], { cwd: folder, ...options, env: { ...env, ...options.env } });
  const made = await runProdng(['key', 'new', 'Release <release@example.org>', '--no-passphrase'], { env });
  expect(made).toMatchObject({ status: 0 });
  return {
    folder,
    archive,
    env,
    publish,
    async ok(...argv) {
      const { status, stdout, stderr } = await publish(argv);
      if (status !== 0) throw new Error(`publish ${argv.join(' ')}: ${status}: ${stderr}`);
      return stdout;
    },
    async jail(name, version, jail = {}) {
      const deb = await makeBusyboxJail(folder, {
        name,
        whole: true,
        ...jail,
        control: (text) => text.replace('Version: 1.0-1', `Version: ${version}`),
      });
      const path = join(folder, `${name}_${version.replace(/^\d+:/, '')}_amd64.deb`);
      renameSync(deb, path);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * Reads a suite as a client would that trusts nothing: gpgv checks both signatures, every index must be as Release
 * says, every package as the index says.
 *
 * @returns the packages, `web=1.4-1`, sorted
 */
export function auditSuite(archive: string, suite: string): string[] {
  const dist = join(archive, 'dists', suite);
  const keyring = join(archive, '../gpgv-keyring.gpg');
  rmSync(keyring, { force: true });
  execFileSync('gpg', [
    '--batch',
    '--quiet',
    '--yes',
    '-o',
    keyring,
    '--dearmor',
    join(archive, 'archive-keyring.asc'),
  ]);
  execFileSync('gpgv', ['-q', '--keyring', keyring, join(dist, 'InRelease')], { stdio: 'pipe' });
  execFileSync('gpgv', ['-q', '--keyring', keyring, join(dist, 'Release.gpg'), join(dist, 'Release')], {
    stdio: 'pipe',
  });
  const release = readFileSync(join(dist, 'Release'), 'utf8');
  expect(readFileSync(join(dist, 'InRelease'), 'utf8')).toContain(release);
  const packages: string[] = [];
  let indices = 0;
  for (const [, sha256, size, path] of release.matchAll(/^ ([0-9a-f]{64}) +(\d+) (\S+)$/gm)) {
    const bytes = readFileSync(join(dist, path ?? ''));
    expect({ path, sha256: digest(bytes), size: bytes.length }).toEqual({ path, sha256, size: Number(size) });
    indices += 1;
    if (path?.endsWith('/Packages') !== true) continue;
    for (const stanza of bytes.toString().split('\n\n').filter(Boolean))
      packages.push(auditPackage(archive, stanza));
  }
  expect(indices).toBeGreaterThan(2);
  return [...new Set(packages)].sort();
}

function auditPackage(archive: string, stanza: string): string {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
  const bytes = readFileSync(join(archive, field('Filename')));
  expect({ file: field('Filename'), sha256: digest(bytes), size: bytes.length }).toEqual({
    file: field('Filename'),
    sha256: field('SHA256'),
    size: Number(field('Size')),
  });
  return `${field('Package')}=${field('Version')}`;
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The lines of a suite's Contents. */
export function contents(archive: string, suite: string): string[] {
  const bytes = readFileSync(join(archive, 'dists', suite, 'main/Contents-amd64.gz'));
  return gunzipSync(bytes).toString().split('\n').filter(Boolean);
}

/** What publishers leave that is for no client: there may be a lock and a record, and no more. */
export function leftovers(archive: string): string[] {
  const hidden = existsSync(archive) ? readdirSync(join(archive, '.prodng')) : [];
  const dists = existsSync(join(archive, 'dists')) ? readdirSync(join(archive, 'dists')) : [];
  return [
    ...hidden.filter((name) => !['lock', 'unreferenced.json'].includes(name)),
    ...dists.filter((name) => name.startsWith('.')),
  ];
}

/** Every file of a folder with its bytes' digest, to see that nothing has changed. */
export function fingerprint(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => `${path} ${digest(readFileSync(join(folder, path)))}`);
}

export function newFolder(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
}
