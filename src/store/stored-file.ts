import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';

/**
 * The path of a stored file, whether it is there or not.
 *
 * @throws ProdngError INTERNAL for anything but 64 lower-case hex digits: a digest must never become a path
 */
export function storedPath(folder: string, sha256: string): string {
  return join(folder, 'sha256', shard(sha256), sha256);
}

/** Where the bytes of a download are until they are whole. */
export function partialPath(folder: string, sha256: string): string {
  assertDigest(sha256);
  return join(folder, 'partial', `${sha256}.part`);
}

/** The first two digits: no folder gets too many entries. */
export function shard(sha256: string): string {
  assertDigest(sha256);
  return sha256.slice(0, 2);
}

function assertDigest(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new ProdngError('INTERNAL', `not a SHA-256: ${JSON.stringify(sha256)}`);
}

/** Whether the file is there in its full size. Its bytes were checked when it came in, and are again on use. */
export async function isStored(folder: string, file: { sha256: string; size: number }): Promise<boolean> {
  try {
    const found = await stat(storedPath(folder, file.sha256));
    return found.isFile() && found.size === file.size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
