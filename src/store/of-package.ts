import { ProdngError } from '../error/prodng-error.ts';
import type { PinnedFile } from './pinned-file.ts';

/** The hint where the package itself is malformed: the store holds the bytes that the lock names. */
const malformed =
  'the package is so in its archive: report it there, and leave it out of Depends, or repack it and publish it in an archive of your own';

/**
 * A fault of a stored .deb with the package, its version and its file in the archive; the path in the store, which
 * is a digest, does not reveal which package it is.
 *
 * @param path in the store
 */
export function ofPackage(
  { name, version, poolPath }: Pick<PinnedFile, 'name' | 'version' | 'poolPath'>,
  path: string,
  error: unknown,
): unknown {
  if (!(error instanceof ProdngError)) return error;
  const { code, message, hint } = error;
  const why = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  const file = poolPath.slice(poolPath.lastIndexOf('/') + 1);
  const ownHint = hint ?? (code === 'IO' ? undefined : malformed);
  return new ProdngError(code, `${name} ${version} (${file}): ${why}`, {
    cause: error,
    ...(ownHint === undefined ? {} : { hint: ownHint }),
  });
}
