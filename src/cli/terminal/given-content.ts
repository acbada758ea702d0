import { readFileSync } from 'node:fs';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';

/**
 * What an operator gives to a command: a file, or standard input. A terminal is refused, as it would show a secret.
 *
 * @param most bytes
 * @returns the content in base64
 * @throws ProdngError USAGE, IO
 */
export function givenContent(file: string | undefined, most: number): string {
  if (file === undefined && process.stdin.isTTY)
    throw new ProdngError('USAGE', 'standard input is a terminal', { hint: 'name a file, or add: < FILE' });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file ?? 0);
  } catch (cause) {
    throw new ProdngError('IO', `${file ?? 'standard input'}: ${reasonOf(cause)}`, { cause });
  }
  if (bytes.length > most)
    throw new ProdngError('USAGE', `${file ?? 'standard input'}: longer than ${most} bytes`);
  return bytes.toString('base64');
}
