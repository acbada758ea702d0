import { readdir } from 'node:fs/promises';
import { errnoOf } from '../error/prodng-error.ts';

/** The names in a folder, sorted; none when it is not there. @throws SystemError for any other reason */
export async function folderNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
