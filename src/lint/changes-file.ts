import { dirname, join } from 'node:path';
import { stripClearsign } from '../control/clearsigned.ts';
import { parseDeb822 } from '../control/deb822.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { readRegularFile } from '../system/regular-file.ts';

/**
 * The .debs that a .changes file names (Policy 5.5), beside it.
 *
 * @throws ProdngError IO, CONTROL_SYNTAX, USAGE when it names none
 */
export function debsOfChanges(path: string): string[] {
  const bytes = readRegularFile(path);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: cannot be read: no such file or directory`);
  const [stanza] = parseDeb822(stripClearsign(bytes.toString()).text, path);
  const names = (stanza?.field('Files')?.lines() ?? [])
    .map((line) => line.text.trim().split(/\s+/).at(-1) ?? '')
    .filter((name) => /^[\w+.~-]+\.deb$/.test(name) && !name.includes('-dbgsym_'));
  if (names.length === 0)
    throw new ProdngError('USAGE', `${path}: its Files name no .deb`, { hint: 'give the .deb itself' });
  return names.map((name) => join(dirname(path), name));
}
