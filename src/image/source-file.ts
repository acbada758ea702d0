import { ProdngError } from '../error/prodng-error.ts';
import { readFileBeneath } from '../kernel/beneath-file.ts';

/**
 * Reads a file that image.yaml names. No symbolic link is followed.
 *
 * @param path relative, without `..`
 * @throws ProdngError CONFIG when there is none, IO
 */
export function readSourceFile(dir: string, path: string): Buffer {
  const bytes = readFileBeneath(dir, path);
  if (bytes !== undefined) return bytes;
  throw new ProdngError('CONFIG', `${dir}/${path}: there is no such file`, { hint: 'image.yaml names it' });
}
