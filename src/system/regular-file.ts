import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';

/**
 * Reads a file of a stranger's folder: a fifo or a device there must not keep anybody waiting. It is read at once, as
 * what `node:fs/promises` needs takes longer to load than a few small files to read.
 *
 * @param most bytes that it may have
 * @returns undefined when there is no such file
 * @throws ProdngError IO when it is none, or larger, or cannot be read
 */
export function readRegularFile(path: string, most = 1 << 28): Buffer | undefined {
  let handle: number | undefined;
  try {
    // without O_NONBLOCK, opening a fifo waits for its writer
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = fstatSync(handle);
    if (!about.isFile()) throw new ProdngError('IO', `${path}: cannot be read: not a regular file`);
    if (about.size > most) throw new ProdngError('IO', `${path}: is larger than ${most >> 20} MiB`);
    return readFileSync(handle);
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
