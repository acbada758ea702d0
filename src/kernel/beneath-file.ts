import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { openBeneath } from './at.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Reads a file of a source or another folder of foreign origin. No symbolic link beneath `root` is followed: it could
 * lead to a file of the host, whose lines would then come out in messages. A fifo or a device is refused without
 * waiting for its writer. `root` itself is the user's path: links in it are followed.
 *
 * @param path relative: `debian/control`
 * @param most bytes that it may have
 * @returns undefined when there is no such file
 * @throws ProdngError IO when it is a symbolic link or behind one, not a regular file, larger, or unreadable
 */
export function readFileBeneath(root: string, path: string, most = 1 << 28): Buffer | undefined {
  const fd = openFileBeneath(root, path);
  if (fd === undefined) return undefined;
  const place = `${root}/${path}`;
  try {
    if (fstatSync(fd).size > most) throw new ProdngError('IO', `${place}: is larger than ${most >> 20} MiB`);
    return readFileSync(fd);
  } catch (error) {
    throw unreadable(place, error);
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a regular file beneath a folder for reading, with the rules of readFileBeneath.
 *
 * @returns a descriptor that the caller closes; undefined when there is no such file
 * @throws ProdngError IO
 */
export function openFileBeneath(root: string, path: string): number | undefined {
  const place = `${root}/${path}`;
  let directory: number | undefined;
  try {
    directory = openSync(root, O_RDONLY | O_DIRECTORY);
    const fd = openBeneath(directory, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw new ProdngError('IO', `${place}: cannot be read: not a regular file`);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(place, error);
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

function unreadable(place: string, error: unknown): ProdngError {
  if (error instanceof ProdngError) return error;
  if (errnoOf(error) === 'ELOOP')
    return new ProdngError('IO', `${place}: is a symbolic link, or behind one`, {
      cause: error,
      hint: 'symbolic links of a source are followed in the build jail only: put a file in its place',
    });
  return new ProdngError('IO', `${place}: cannot be read: ${reasonOf(error)}`, { cause: error });
}
