import { open } from 'node:fs/promises';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';

const mostText = 64 * 2 ** 20;

/** The text of a file next to the .deb; undefined if there is none. @throws ProdngError IO */
export async function readBeside(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      if ((await file.stat()).size > mostText)
        throw new ProdngError('IO', `${path}: larger than ${mostText} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** `hello_1.0_amd64.cdx.json` for `hello_1.0_amd64.deb`. */
export function besideDeb(deb: string, suffix: string): string {
  return deb.replace(/(?:\.deb)?$/, suffix);
}
