import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readJailSource } from '../../control/jail-source.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { type Lock, lockFile } from '../../lock/lock.ts';
import { readLock } from '../../lock/lock-file.ts';
import { formatLock } from '../../lock/lock-text.ts';
import { assertBuildRootCurrent, assertLockCurrent } from '../../lock/staleness.ts';
import type { Archive } from '../../store/archive.ts';
import { digestOf, fetchUrls, type PinnedUrl, pinnedPath } from '../../store/fetch-url.ts';
import { openStore } from '../../store/store.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';
import { type Progress, silent } from '../../system/progress.ts';
import { pinnedInputs } from '../inputs/inputs.ts';
import { readPlainSource, withoutEpoch } from '../source/plain-source.ts';
import {
  formatManifest,
  manifestFile,
  readManifest,
  type VendoredFile,
  vendoredLock,
} from './vendor-manifest.ts';

export interface VendorOptions {
  /** The source; a .dsc when it is built with --plain. */
  dir: string;
  plain: boolean;
  /** The folder to fill; NAME_VERSION_vendor beside the source when it is not said. */
  output?: string;
  archives: readonly Archive[];
  paths: Paths;
  progress?: Progress;
  signal?: AbortSignal;
}

export interface VendorResult {
  folder: string;
  /** How many files there are. */
  files: number;
}

/** What a build of a source is given, by its lock and by what it pins itself. */
export interface VendoredInputs {
  name: string;
  version: string;
  /** The path of the source's lock. */
  lockPath: string;
  lock: Lock;
  pinned: readonly PinnedUrl[];
}

/**
 * Names every input of a source's build.
 *
 * @param readLockAt reads the lock that the build goes by
 * @throws ProdngError LOCK_MISSING, LOCK_OUTDATED, and what reading the source throws
 */
export async function inputsOf(
  dir: string,
  plain: boolean,
  readLockAt: (path: string) => Promise<Lock | undefined> = readLock,
): Promise<VendoredInputs> {
  const architecture = hostArchitecture();
  if (plain) {
    const source = await readPlainSource(dir);
    const lock = await readLockAt(source.lock);
    assertBuildRootCurrent(lock, source, architecture, source.lock);
    return { name: source.name, version: source.version, lockPath: source.lock, lock, pinned: [] };
  }
  const source = await readJailSource(dir);
  const lockPath = join(dir, lockFile);
  const lock = await readLockAt(lockPath);
  assertLockCurrent(lock, source, architecture);
  const { pinned } = await pinnedInputs(dir, source.declaration.inputs);
  return { name: source.sourceName, version: source.version, lockPath, lock, pinned };
}

/**
 * Copies every input of a build to a folder: the locked packages, `Jail-Inputs`, what package-lock.json pins, and the
 * lock. With it `prodng build --from-vendor` needs no archive, however much later.
 *
 * @throws ProdngError TARGET_EXISTS for a folder of something else, LOCK_MISSING, LOCK_OUTDATED, FETCH_FAILED, IO
 */
export async function vendor(options: VendorOptions): Promise<VendorResult> {
  const { dir, plain, paths, archives, progress = silent } = options;
  const { name, version, lock, pinned } = await inputsOf(dir, plain);
  const folder = options.output ?? join(dirname(resolve(dir)), `${name}_${withoutEpoch(version)}_vendor`);
  const before = await ownManifest(folder);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const store = await openStore(paths);
  await store.fetchAll(lock.packages, { archives, releases: lock.archives, progress, ...signal });
  await fetchUrls(store.folder, pinned, { progress, ...signal });

  const names = new Set<string>();
  const wanted = [
    ...lock.packages.map((item) => ({
      path: uniqueName(names, 'debs', basename(item.poolPath), item.sha256),
      from: store.debPath(item.sha256),
      sha256: item.sha256,
    })),
    ...pinned.map((file) => ({
      path: `${file.algorithm}/${file.digest}`,
      from: pinnedPath(store.folder, file),
      sha256: file.algorithm === 'sha256' ? file.digest : undefined,
    })),
  ];
  progress.step(`Copying ${wanted.length} files`);
  const files: VendoredFile[] = [];
  for (const { path, from, sha256 } of wanted) {
    options.signal?.throwIfAborted();
    files.push({ path, sha256: await copyChecked(from, join(folder, path), sha256) });
    progress.advance(files.length, wanted.length, 'files');
  }
  const lockText = formatLock(lock);
  await writeFileAtomic(join(folder, vendoredLock), lockText);
  files.push({ path: vendoredLock, sha256: await digestOf(join(folder, vendoredLock), 'sha256') });
  await writeFileAtomic(join(folder, manifestFile), formatManifest(files));
  const present = new Set(files.map(({ path }) => path));
  for (const { path } of before) if (!present.has(path)) await rm(join(folder, path), { force: true });
  return { folder, files: files.length };
}

/** Two archives may have files of one name with other bytes. */
function uniqueName(names: Set<string>, folder: string, name: string, sha256: string): string {
  const path = names.has(name) ? `${folder}/${sha256}/${name}` : `${folder}/${name}`;
  names.add(name);
  return path;
}

/** What the folder has of an earlier time; it is made when it is not there. */
async function ownManifest(folder: string): Promise<VendoredFile[]> {
  await mkdir(folder, { recursive: true });
  const manifest = await readManifest(folder);
  if (manifest !== undefined) return manifest;
  const names = (await readdir(folder)).filter(
    (name) => !['debs', 'sha256', 'sha512', vendoredLock].includes(name),
  );
  if (names.length === 0) return [];
  throw new ProdngError('TARGET_EXISTS', `${folder}: is not empty, and no vendor folder`, {
    hint: 'give a new folder with --output',
  });
}

/** @returns the SHA-256 of what stands there now */
async function copyChecked(from: string, to: string, wanted: string | undefined): Promise<string> {
  const there = await digestOf(to, 'sha256').catch(() => undefined);
  const sha256 = wanted ?? (await digestOf(from, 'sha256'));
  if (there === sha256) return sha256;
  const temporary = `${to}.new`;
  try {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, temporary);
    const found = await digestOf(temporary, 'sha256');
    if (found !== sha256)
      throw new ProdngError('HASH_MISMATCH', `${from}: the stored file is damaged: SHA-256 ${found}`, {
        hint: 'remove it, and run the command again; check the disk when it happens again',
      });
    await rename(temporary, to);
    return sha256;
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('IO', `${to}: cannot be written: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}
