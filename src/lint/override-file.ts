import { ProdngError } from '../error/prodng-error.ts';
import { readRegularFile } from '../system/regular-file.ts';

/** Where a source keeps its overrides; a .deb has them beside its lock, under the same last name. */
export const overridesFile = 'debian/jail.lint-overrides';

/**
 * Reads a file of overrides.
 *
 * @throws ProdngError IO
 */
export function readOverrideFile(path: string): { file: string; text: string } {
  const bytes = readRegularFile(path);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: cannot be read: no such file or directory`);
  return { file: path, text: bytes.toString() };
}
