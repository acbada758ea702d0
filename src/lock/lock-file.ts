import { readFile } from 'node:fs/promises';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import type { Lock } from './lock.ts';
import { parseLock } from './lock-parser.ts';
import { formatLock } from './lock-text.ts';

/**
 * Reads a lock file.
 *
 * @returns undefined when there is none
 * @throws ProdngError LOCK_SYNTAX with every fault, IO
 */
export async function readLock(path: string): Promise<Lock | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return undefined;
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  return parseLock(bytes, path);
}

/**
 * Writes a lock file, old or new and never half. A file that says the same already is left alone.
 *
 * @returns whether it was written
 * @throws ProdngError IO
 */
export async function writeLock(path: string, lock: Lock): Promise<boolean> {
  const text = formatLock(lock);
  try {
    if ((await readFile(path, 'utf8')) === text) return false;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    throw new ProdngError('IO', `${path}: cannot be written: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return true;
}
