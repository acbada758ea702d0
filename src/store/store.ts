import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';
import { type FetchOptions, type FetchSummary, fetchAll } from './fetch.ts';
import { localRepository } from './local-repository.ts';
import type { PinnedFile } from './pinned-file.ts';
import { isStored, storedPath } from './stored-file.ts';
import { type UnpackedTar, unpackedTar } from './unpacked-tar.ts';

export type { FetchOptions, FetchSummary } from './fetch.ts';
export type { PinnedFile } from './pinned-file.ts';
export type { UnpackedEntry, UnpackedTar } from './unpacked-tar.ts';

/** Fetched .debs and what was unpacked from them, keyed by SHA-256. A file that can be seen in it is whole. */
export interface Store {
  readonly folder: string;
  /** Where the file with that digest is, or would be. */
  debPath(sha256: string): string;
  /** Whether the file is there in its full size. */
  has(file: { sha256: string; size: number }): Promise<boolean>;
  /**
   * Brings every file into the store. What is there is not fetched again; what was cut off goes on where it was.
   *
   * @throws ProdngError FETCH_FAILED, HASH_MISMATCH or IO; files that arrived before stay
   */
  fetchAll(files: readonly PinnedFile[], options: FetchOptions): Promise<FetchSummary>;
  /**
   * The plain data.tar of a stored .deb, unpacked at the first call and kept.
   *
   * @throws ProdngError HASH_MISMATCH when the stored .deb is damaged (it is then removed), DEB_FORMAT, TAR_FORMAT
   */
  unpackedTar(sha256: string): Promise<UnpackedTar>;
  /**
   * A folder for `deb [trusted=yes] copy:FOLDER ./`: the .debs and a Packages index with the digests of `files`, so
   * that apt checks every byte against the lock again. The .debs must be in the store.
   */
  localRepository(files: readonly PinnedFile[]): Promise<string>;
}

/** Opens the store in the cache folder, and makes it when it is not there. */
export async function openStore(paths: Paths): Promise<Store> {
  const folder = join(paths.cache, 'store');
  await mkdir(folder, { recursive: true });
  return {
    folder,
    debPath: (sha256) => storedPath(folder, sha256),
    has: (file) => isStored(folder, file),
    fetchAll: (files, options) => fetchAll(folder, files, options),
    unpackedTar: (sha256) => unpackedTar(folder, sha256),
    localRepository: (files) => localRepository(folder, files),
  };
}
