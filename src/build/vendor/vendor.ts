import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { readJailSource } from '../../control/jail-source.ts';
import { type Lock, lockFile } from '../../lock/lock.ts';
import { type LockPlace, lockPath, readLock } from '../../lock/lock-file.ts';
import { formatLock } from '../../lock/lock-text.ts';
import { assertBuildRootCurrent, assertLockCurrent } from '../../lock/staleness.ts';
import { OutputFolder } from '../../output/output-folder.ts';
import type { Archive } from '../../store/archive.ts';
import { digestOf, fetchUrls, type PinnedUrl, pinnedPath } from '../../store/fetch-url.ts';
import { openStore } from '../../store/store.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import type { Paths } from '../../system/paths.ts';
import { type Progress, silent } from '../../system/progress.ts';
import { pinnedInputs } from '../inputs/inputs.ts';
import { readPlainSource, withoutEpoch } from '../source/plain-source.ts';
import { VendorFolder } from './vendor-folder.ts';
import { formatManifest, manifestFile, type VendoredFile, vendoredLock } from './vendor-manifest.ts';

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
  /** Where the source's lock is. */
  lockPlace: LockPlace;
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
  readLockAt: (place: LockPlace) => Promise<Lock | undefined> = readLock,
): Promise<VendoredInputs> {
  const architecture = hostArchitecture();
  if (plain) {
    const source = await readPlainSource(dir);
    const lock = await readLockAt(source.lock);
    assertBuildRootCurrent(lock, source, architecture, lockPath(source.lock));
    return { name: source.name, version: source.version, lockPlace: source.lock, lock, pinned: [] };
  }
  const source = await readJailSource(dir);
  const lockPlace = { root: dir, name: lockFile };
  const lock = await readLockAt(lockPlace);
  assertLockCurrent(lock, source, architecture);
  const { pinned } = await pinnedInputs(dir, source.declaration.inputs);
  return { name: source.sourceName, version: source.version, lockPlace, lock, pinned };
}

/**
 * Copies every input of a build to a folder: the locked packages, `Jail-Inputs`, what package-lock.json pins, and the
 * lock. With it `prodng build --from-vendor` needs no archive, however much later.
 *
 * @throws ProdngError TARGET_EXISTS for a folder of something else, LOCK_MISSING, LOCK_OUTDATED, FETCH_FAILED, IO
 */
export async function vendor(options: VendorOptions): Promise<VendorResult> {
  const { dir, plain } = options;
  const { name, version, lock, pinned } = await inputsOf(dir, plain);
  const folder = await VendorFolder.take(openTarget(options, `${name}_${withoutEpoch(version)}_vendor`));
  try {
    return await fill(folder, { lock, pinned }, options);
  } finally {
    folder.close();
  }
}

/** Beside the source when no folder is named: what has the name there may be a link that came with the source. */
function openTarget({ output, dir }: VendorOptions, name: string): OutputFolder {
  if (output !== undefined) return OutputFolder.open(output, true);
  const parent = OutputFolder.open(dirname(resolve(dir)));
  try {
    return parent.folder(name, true);
  } finally {
    parent.close();
  }
}

async function fill(
  folder: VendorFolder,
  { lock, pinned }: Pick<VendoredInputs, 'lock' | 'pinned'>,
  options: VendorOptions,
): Promise<VendorResult> {
  const { paths, archives, progress = silent } = options;
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
    const digest = sha256 ?? (await digestOf(from, 'sha256'));
    await folder.put(path, from, digest);
    files.push({ path, sha256: digest });
    progress.advance(files.length, wanted.length, 'files');
  }
  const lockText = formatLock(lock);
  await folder.write(vendoredLock, lockText);
  files.push({ path: vendoredLock, sha256: createHash('sha256').update(lockText).digest('hex') });
  await folder.write(manifestFile, formatManifest(files));
  await folder.removeOthers();
  return { folder: folder.path, files: files.length };
}

/** Two archives may have files of one name with other bytes. */
function uniqueName(names: Set<string>, folder: string, name: string, sha256: string): string {
  const path = names.has(name) ? `${folder}/${sha256}/${name}` : `${folder}/${name}`;
  names.add(name);
  return path;
}
