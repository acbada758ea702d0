import { readFile } from 'node:fs/promises';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { writeOutput } from '../output/write-output.ts';
import type { Signer } from './signer.ts';

/**
 * Clearsigns a .changes or .buildinfo as debsign does. A signature that is there already gives way.
 *
 * @param output where to (default: in place)
 * @throws ProdngError IO, KEY
 */
export async function clearsignFile(path: string, signer: Signer, output = path): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
  await writeOutput(output, await signer.clearsigned(unsignedText(text)));
}

/** What a clearsigned text is about (RFC 9580, 7), or the text itself. */
export function unsignedText(text: string): string {
  const match =
    /^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[^\n]+\n)*\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----\n/.exec(
      text,
    );
  return match?.[1] === undefined ? text : `${match[1].replace(/^- /gm, '')}\n`;
}
