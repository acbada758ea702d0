import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripClearsign } from '../../control/clearsigned.ts';
import { readDeb822 } from '../../control/deb822.ts';
import { readBeside } from './beside.ts';
import { type Check, checked, notPossible } from './check.ts';
import type { ControlFacts } from './check-control.ts';

/** Compares the SHA-256 of the unsigned bytes with what a .buildinfo beside the .deb names for that package. */
export async function checkContent(
  path: string,
  unsignedSha256: string,
  control: ControlFacts,
): Promise<Check> {
  const { name, version, architecture } = control;
  const wanted = `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`;
  const folder = dirname(path);
  const buildinfos = (await readdir(folder)).filter((file) => file.endsWith('.buildinfo')).toSorted();
  for (const file of buildinfos.slice(0, 64)) {
    const text = readBeside(join(folder, file)) ?? '';
    const [stanza] = readDeb822(stripClearsign(text).text, file).paragraphs;
    const line = stanza
      ?.get('Checksums-Sha256')
      ?.split('\n')
      .map((item) => item.trim().split(/\s+/))
      .find((words) => words[2] === wanted);
    if (line === undefined) continue;
    const findings =
      line[0] === unsignedSha256 ? [] : [`it has SHA-256 ${unsignedSha256}, ${file} names ${line[0] ?? ''}`];
    return checked('content', findings, `SHA-256 ${unsignedSha256}, as in ${file}`);
  }
  return notPossible('content', `SHA-256 ${unsignedSha256}; no .buildinfo beside it names ${wanted}`);
}
