import type { DebReader } from '../archive/deb-reader.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { rootfsPath } from './layer.ts';

/** What a ConfigMap holds at most: 1 MiB, with its names. */
const most = 2 ** 20 - 2 ** 16;

/**
 * Reads regular files of a jail's rootfs.
 *
 * @param paths absolute in the jail
 * @returns their contents by these paths
 * @throws ProdngError POLICY when one is no regular file, or all together are larger than a ConfigMap
 */
export async function readRootfsFiles(
  deb: DebReader,
  paths: readonly string[],
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  if (paths.length === 0) return files;
  let size = 0;
  for await (const { entry, content } of deb.data()) {
    const path = `/${rootfsPath(entry.path) ?? ''}`;
    if (entry.type !== 'file' || !paths.includes(path)) continue;
    size += entry.size;
    if (size > most)
      throw new ProdngError('POLICY', `Jail-Configuration: its files have more than ${most} bytes together`);
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    files.set(path, Buffer.concat(pieces));
  }
  const missing = paths.find((path) => !files.has(path));
  if (missing === undefined) return files;
  throw new ProdngError('POLICY', `Jail-Configuration: ${missing} is no regular file of the rootfs`, {
    hint: 'prodng lint names each',
  });
}
