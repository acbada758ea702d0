import { dirname, join } from 'node:path';
import { openDeb } from '../archive/deb-reader.ts';
import { stripClearsign } from '../control/clearsigned.ts';
import { parseDeb822, readDeb822 } from '../control/deb822.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { readRegularFile } from '../system/regular-file.ts';

/**
 * The .debs that a .changes file names (Policy 5.5), beside it. Where one of them is a jail, the other packages of its
 * source are left out: they are no jails.
 *
 * @throws ProdngError IO, CONTROL_SYNTAX, USAGE when it names none
 */
export async function debsOfChanges(path: string): Promise<string[]> {
  const bytes = readRegularFile(path);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: cannot be read: no such file or directory`);
  const [stanza] = parseDeb822(stripClearsign(bytes.toString()).text, path);
  const names = (stanza?.field('Files')?.lines() ?? [])
    .map((line) => line.text.trim().split(/\s+/).at(-1) ?? '')
    .filter((name) => /^[\w+.~-]+\.deb$/.test(name) && !name.includes('-dbgsym_'));
  if (names.length === 0)
    throw new ProdngError('USAGE', `${path}: its Files name no .deb`, { hint: 'give the .deb itself' });
  const debs = names.map((name) => join(dirname(path), name));
  if (debs.length === 1) return debs;
  const jails: string[] = [];
  for (const deb of debs) if (await isJail(deb)) jails.push(deb);
  return jails.length === 0 ? debs : jails;
}

async function isJail(path: string): Promise<boolean> {
  const deb = await openDeb(path);
  try {
    return readDeb822(await deb.control(), path).paragraphs[0]?.get('Jail-Format') !== undefined;
  } finally {
    await deb.close();
  }
}
