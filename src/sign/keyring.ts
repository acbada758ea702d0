import { readFile, stat } from 'node:fs/promises';
import type { Key, PublicKey } from 'openpgp';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { openpgp } from './openpgp.ts';

/** The keyring of all of Debian has 5 MB. */
const MAX_KEYRING = 64 * 1024 * 1024;

/**
 * Reads the public keys of a file: armoured, or binary as gpg --export writes it and Debian's keyrings are.
 *
 * @throws ProdngError KEY when it holds none or cannot be parsed, IO when it cannot be read
 */
export async function readKeyring(file: string): Promise<PublicKey[]> {
  return (await readKeys(file)).map((key) => key.toPublic());
}

/** The keys of a file, secret ones as they are. @throws ProdngError KEY, IO */
export async function readKeys(file: string): Promise<Key[]> {
  return await parseKeys(await readLimited(file), file);
}

/** The keys in what `file` (for messages) holds. @throws ProdngError KEY */
export async function parseKeys(bytes: Uint8Array, file: string): Promise<Key[]> {
  const library = await openpgp();
  try {
    const text = Buffer.from(bytes).toString('latin1');
    const keys: Key[] = [];
    // gpg writes all keys into one block, people concatenate blocks
    const blocks = text.match(/-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----[\s\S]*?-----END[^\n]*/g);
    if (blocks === null) keys.push(...(await library.readKeys({ binaryKeys: bytes })));
    for (const armoredKeys of blocks ?? []) keys.push(...(await library.readKeys({ armoredKeys })));
    if (keys.length > 0) return keys;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProdngError('KEY', `${file}: no OpenPGP keys can be read from it: ${why}`, { cause: error });
  }
  throw new ProdngError('KEY', `${file}: holds no OpenPGP key`);
}

async function readLimited(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_KEYRING) throw new ProdngError('KEY', `${file}: ${size} bytes are too many for a keyring`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
