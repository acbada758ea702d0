import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { openFileBeneath, readFileBeneath } from '../../kernel/beneath-file.ts';
import { lockPath, readLock, writeLock } from '../../lock/lock-file.ts';
import { parseLock } from '../../lock/lock-parser.ts';
import { formatLock } from '../../lock/lock-text.ts';
import { digestOf, pinnedPath } from '../../store/fetch-url.ts';
import { openStore } from '../../store/store.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';
import { type Progress, silent } from '../../system/progress.ts';
import { inputsOf } from './vendor.ts';
import { manifestFile, readManifest, type VendoredFile, vendoredLock } from './vendor-manifest.ts';

export interface FromVendorOptions {
  /** The vendor folder. */
  folder: string;
  dir: string;
  plain: boolean;
  paths: Paths;
  progress?: Progress;
  signal?: AbortSignal;
}

/**
 * Brings what a vendor folder holds into the store, so that a locked build of the source asks no archive. Every file
 * is checked against the manifest, and everything that the source's lock and its own pins name must be there. A source
 * without a lock gets the folder's.
 *
 * @throws ProdngError HASH_MISMATCH naming the file, FETCH_FAILED naming what is missing, LOCK_OUTDATED when the folder
 *   was made by another lock, CONFIG when it is none, IO
 */
export async function useVendorFolder(options: FromVendorOptions): Promise<void> {
  const { folder, dir, plain, paths, progress = silent } = options;
  const manifest = readManifest(folder);
  if (manifest === undefined)
    throw new ProdngError('CONFIG', `${folder}: no vendor folder: there is no ${manifestFile}`, {
      hint: 'make one with: prodng vendor',
    });
  progress.step(`Checking ${manifest.length} files of ${folder}`);
  const { byDigest, lockBytes } = await checkAll(folder, manifest, options);
  const lock = parseLock(lockBytes, join(folder, vendoredLock));
  const source = await inputsOf(dir, plain, async (place) => (await readLock(place)) ?? lock);
  if (formatLock(source.lock) !== formatLock(lock))
    throw new ProdngError(
      'LOCK_OUTDATED',
      `${folder}: was made by another lock than ${lockPath(source.lockPlace)}`,
      {
        hint: 'vendor the source again, or take the lock back from version control',
      },
    );
  const wanted = [
    ...lock.packages.map(({ name, version, sha256 }) => ({
      name: `${name} ${version}`,
      algorithm: 'sha256' as const,
      digest: sha256,
    })),
    ...source.pinned,
  ];
  const missing = wanted.filter(({ algorithm, digest }) => !byDigest.has(`${algorithm}:${digest}`));
  if (missing.length > 0)
    throw new ProdngError(
      'FETCH_FAILED',
      `${folder}: lacks what the build needs:\n  ${missing.map(({ name }) => name).join('\n  ')}`,
      { hint: 'vendor the source again where the network is' },
    );
  const store = await openStore(paths);
  for (const file of wanted) {
    const from = byDigest.get(`${file.algorithm}:${file.digest}`);
    if (from !== undefined) await bringIn({ folder, path: from }, pinnedPath(store.folder, file), file);
  }
  await writeLock(source.lockPlace, lock);
}

/** The paths by digest, and the bytes of the lock as they were checked. */
async function checkAll(
  folder: string,
  manifest: readonly VendoredFile[],
  { progress = silent, signal }: FromVendorOptions,
): Promise<{ byDigest: Map<string, string>; lockBytes: Buffer }> {
  const byDigest = new Map<string, string>();
  let lockBytes: Buffer | undefined;
  for (const [index, { path, sha256 }] of manifest.entries()) {
    signal?.throwIfAborted();
    const file = join(folder, path);
    const bytes = path === vendoredLock ? readFileBeneath(folder, path) : undefined;
    const [found, sha512] = bytes === undefined ? await digestsOf(folder, path) : digestsOfBytes(bytes);
    if (found !== sha256)
      throw new ProdngError('HASH_MISMATCH', `${file}: has SHA-256 ${found}, ${manifestFile} has ${sha256}`, {
        hint: 'the file or the manifest was changed since it was vendored: take the folder from a good copy',
      });
    lockBytes ??= bytes;
    byDigest.set(`sha256:${sha256}`, path);
    if (path.startsWith('sha512/')) byDigest.set(`sha512:${sha512}`, path);
    progress.advance(index + 1, manifest.length, 'files');
  }
  if (lockBytes !== undefined) return { byDigest, lockBytes };
  throw new ProdngError('CONFIG', `${folder}: ${manifestFile} names no ${vendoredLock}`);
}

/** SHA-256 and SHA-512 of a file of the folder, read once. */
async function digestsOf(folder: string, path: string): Promise<[string, string]> {
  const hashes = [createHash('sha256'), createHash('sha512')] as const;
  for await (const chunk of bytesOf(folder, path)) for (const hash of hashes) hash.update(chunk);
  return [hashes[0].digest('hex'), hashes[1].digest('hex')];
}

function digestsOfBytes(bytes: Buffer): [string, string] {
  return [createHash('sha256').update(bytes).digest('hex'), createHash('sha512').update(bytes).digest('hex')];
}

/** Reads a file of the folder; a symbolic link in it is not followed. */
async function* bytesOf(folder: string, path: string): AsyncGenerator<Buffer> {
  const fd = openFileBeneath(folder, path);
  const file = join(folder, path);
  if (fd === undefined) throw new ProdngError('IO', `${file}: cannot be read: no such file or directory`);
  try {
    yield* createReadStream('', { fd, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** A stored file may be damaged where the folder's is not. What is stored is what was checked while it was copied. */
async function bringIn(
  { folder, path }: { folder: string; path: string },
  to: string,
  { algorithm, digest }: { algorithm: string; digest: string },
): Promise<void> {
  if ((await digestOf(to, algorithm).catch(() => undefined)) === digest) return;
  await mkdir(dirname(to), { recursive: true });
  const hash = createHash(algorithm);
  async function* checked(): AsyncGenerator<Buffer> {
    for await (const chunk of bytesOf(folder, path)) {
      hash.update(chunk);
      yield chunk;
    }
    const found = hash.digest('hex');
    if (found !== digest)
      throw new ProdngError(
        'HASH_MISMATCH',
        `${join(folder, path)}: changed while it was read: has ${found}`,
      );
  }
  await writeFileAtomic(to, checked());
}
