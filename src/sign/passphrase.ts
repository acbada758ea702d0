import { createReadStream } from 'node:fs';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';

/** Source of a passphrase for non-interactive use. Never the command line: every user can read that. */
export interface PassphraseSource {
  /** An open file descriptor. */
  fd?: number;
  /** `PRODNG_KEY_PASSPHRASE_FILE`. */
  file?: string;
}

/**
 * The first line of the descriptor or file; undefined when neither is named.
 *
 * @throws ProdngError CONFIG when it cannot be read
 */
export async function givenPassphrase({ fd, file }: PassphraseSource): Promise<string | undefined> {
  if (fd === undefined && (file === undefined || file === '')) return undefined;
  try {
    const chunks: Buffer[] = [];
    const input = fd === undefined ? createReadStream(file ?? '') : createReadStream('', { fd });
    for await (const chunk of input as AsyncIterable<Buffer>) chunks.push(chunk);
    const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n');
    return line;
  } catch (cause) {
    const name = fd === undefined ? `PRODNG_KEY_PASSPHRASE_FILE: ${file}` : `file descriptor ${fd}`;
    throw new ProdngError('CONFIG', `${name}: cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}
