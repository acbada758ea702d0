import { createHash } from 'node:crypto';
import { type Lock, type PackageUse, packagesFor } from './lock.ts';

/**
 * The SHA-256 of the packages of one use: two locks with the same digest give the same build root, whatever their
 * Dates. Keys for caches.
 */
export function lockDigest(lock: Lock, use: PackageUse): string {
  const hash = createHash('sha256').update(`${lock.architecture}\n`);
  for (const digest of packagesFor(lock, use)
    .map(({ sha256 }) => sha256)
    .sort())
    hash.update(`${digest}\n`);
  return hash.digest('hex');
}
