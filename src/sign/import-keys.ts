import type { PublicKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import type { KeyStore, StoredKey } from './key-store.ts';
import { parseKeys } from './keyring.ts';
import { openpgp } from './openpgp.ts';

/**
 * Keeps the keys of a file in the store: public ones, secret ones as they are, or the revocation of a key that is
 * in the store already.
 *
 * @param bytes armoured or binary
 * @param file its name, for messages
 * @returns what the store now holds of each
 * @throws ProdngError KEY
 */
export async function importKeys(store: KeyStore, bytes: Uint8Array, file: string): Promise<StoredKey[]> {
  const revoked = await revokedKey(store, bytes);
  const keys = revoked === undefined ? await parseKeys(bytes, file) : [revoked];
  const stored: StoredKey[] = [];
  for (const key of keys) stored.push(await store.add(key));
  return stored;
}

/** The key of the store that a revocation certificate is about, revoked; undefined for anything else. */
async function revokedKey(store: KeyStore, bytes: Uint8Array): Promise<PublicKey | undefined> {
  const text = Buffer.from(bytes).toString('latin1');
  const { readSignature, revokeKey } = await openpgp();
  const certificate = await asCertificate(text, readSignature);
  if (certificate === undefined) return undefined;
  const id = certificate.toHex().toUpperCase();
  const key = await store.find(id);
  try {
    const { publicKey } = await revokeKey({ key, revocationCertificate: text, format: 'object' });
    return publicKey;
  } catch (cause) {
    throw new ProdngError('KEY', `the revocation of ${id} is not valid`, { cause });
  }
}

/** Who is revoked. gpg and openpgp.js both armour the lone signature as a public key block. */
async function asCertificate(text: string, readSignature: typeof import('openpgp')['readSignature']) {
  try {
    const { unarmor, enums } = await openpgp();
    const { data } = await unarmor(text);
    const signature = await readSignature({ binarySignature: await bytesOf(data) });
    const [packet] = signature.packets;
    return packet?.signatureType === enums.signature.keyRevocation
      ? signature.getSigningKeyIDs()[0]
      : undefined;
  } catch {
    return undefined;
  }
}

async function bytesOf(data: unknown): Promise<Uint8Array> {
  if (data instanceof Uint8Array) return data;
  const chunks: Uint8Array[] = [];
  for await (const chunk of data as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
