import { join } from 'node:path';
import { readFileBeneath } from '../kernel/beneath-file.ts';
import { writeBeneath } from '../output/write-output.ts';
import type { Lock } from './lock.ts';
import { parseLock } from './lock-parser.ts';
import { formatLock } from './lock-text.ts';

/** Where a lock is: a folder that the user named, and a path in it on which no symbolic link is followed. */
export interface LockPlace {
  root: string;
  /** Relative: `debian/jail.lock`. */
  name: string;
}

/** The path of a lock for messages and reports. */
export function lockPath({ root, name }: LockPlace): string {
  return join(root, name);
}

/**
 * Reads a lock file.
 *
 * @returns undefined when there is none
 * @throws ProdngError LOCK_SYNTAX with every fault, IO
 */
export async function readLock(place: LockPlace): Promise<Lock | undefined> {
  const bytes = readFileBeneath(place.root, place.name);
  return bytes === undefined ? undefined : parseLock(bytes, lockPath(place));
}

/**
 * Writes a lock file, old or new and never half. A file that says the same already is left alone.
 *
 * @returns whether it was written
 * @throws ProdngError IO
 */
export async function writeLock(place: LockPlace, lock: Lock): Promise<boolean> {
  const text = formatLock(lock);
  if (readFileBeneath(place.root, place.name)?.toString('utf8') === text) return false;
  await writeBeneath(place.root, place.name, text);
  return true;
}
