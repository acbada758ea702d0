import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** open(2); Node has no constant for it. A folder that may be searched and not listed can be opened so. */
const O_PATH = 0o10000000;

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
  const names = namesOf(root, path);
  const last = names.pop();
  if (last === undefined) throw leadsOut(root, path);
  return walk(root, names, place, (folder) => {
    const fd = openSync(within(folder, last), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw new ProdngError('IO', `${place}: cannot be read: not a regular file`);
  });
}

/**
 * Opens a folder beneath a folder for listing, with the rules of readFileBeneath.
 *
 * @param path relative; empty for the root itself
 * @returns a descriptor that the caller closes; undefined when there is no such folder
 * @throws ProdngError IO
 */
export function openSubfolder(root: string, path: string): number | undefined {
  return walk(root, namesOf(root, path), `${root}/${path}`, (folder) =>
    openSync(within(folder, '.'), O_RDONLY | O_DIRECTORY),
  );
}

function namesOf(root: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (path.startsWith('/') || names.includes('..')) throw leadsOut(root, path);
  return names;
}

function leadsOut(root: string, path: string): ProdngError {
  return new ProdngError('IO', `${root}/${path}: leads out of ${root}`);
}

/** Enters folders one by one and opens something in the last of them; undefined when it is not there. */
function walk(
  root: string,
  names: readonly string[],
  place: string,
  open: (folder: number) => number,
): number | undefined {
  let folder: number | undefined;
  try {
    folder = openSync(root, O_PATH | O_DIRECTORY);
    for (const name of names) {
      const parent: number = folder;
      folder = undefined;
      folder = enter(parent, name);
    }
    return open(folder);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(place, error);
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

/**
 * A name in an open folder, by the kernel's link to the descriptor. openat2(2) would do the same; the library that calls
 * it takes longer to load than a source takes to lint.
 */
function within(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`;
}

/** Opens a folder of a folder, which is closed. @throws Error ELOOP for a symbolic link */
function enter(directory: number, name: string): number {
  const path = within(directory, name);
  try {
    return openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    // a link that is not followed is no folder
    if (errnoOf(error) === 'ENOTDIR' && lstatSync(path).isSymbolicLink())
      throw Object.assign(new Error('a symbolic link'), { code: 'ELOOP' });
    throw error;
  } finally {
    closeSync(directory);
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
