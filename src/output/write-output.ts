import { basename, dirname, resolve } from 'node:path';
import { type OutputData, OutputFolder, type WriteAt } from './output-folder.ts';

/**
 * Writes a result to a path that the user gave, as OutputFolder.write does: a symbolic link with the file's name is
 * replaced, not followed.
 *
 * @param mode permission bits, regardless of the umask
 * @throws ProdngError IO; what the iterable throws
 */
export async function writeOutput(path: string, data: OutputData, mode = 0o644): Promise<void> {
  const place = resolve(path);
  const folder = OutputFolder.open(dirname(place));
  try {
    await folder.write(basename(place), data, mode);
  } finally {
    folder.close();
  }
}

/**
 * Writes a result as writeOutput does, in any order and with holes.
 *
 * @param fill is given a function that writes to the new, empty file
 * @throws ProdngError IO; what `fill` throws
 */
export async function fillOutput(path: string, fill: (write: WriteAt) => Promise<void>): Promise<void> {
  const place = resolve(path);
  const folder = OutputFolder.open(dirname(place));
  try {
    await folder.fill(basename(place), fill);
  } finally {
    folder.close();
  }
}

/**
 * Writes a file inside a source folder: no folder on the way from `root` to it may be a symbolic link.
 *
 * @param path relative: `debian/jail.lock`
 * @throws ProdngError IO
 */
export async function writeBeneath(
  root: string,
  path: string,
  data: OutputData,
  mode = 0o644,
): Promise<void> {
  const top = OutputFolder.open(root);
  try {
    const folder = top.folder(dirname(path));
    try {
      await folder.write(basename(path), data, mode);
    } finally {
      folder.close();
    }
  } finally {
    top.close();
  }
}
