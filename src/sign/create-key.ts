import { ProdngError } from '../error/prodng-error.ts';
import type { KeyStore, StoredKey } from './key-store.ts';
import { openpgp, signatureConfig } from './openpgp.ts';

export interface NewKey {
  /** `Name <mail@example.org>`. */
  userId: string;
  /** Seconds after which it expires; undefined for never. */
  lifetime?: number;
  passphrase?: string;
  /** The key's creation time. */
  date: Date;
}

/**
 * Makes an Ed25519 key that signs and certifies, with its revocation certificate. Version 4 and the curve's older
 * encoding: gpgv, sqv and debsig-verify of Debian 12 know no newer one.
 *
 * @throws ProdngError USAGE for a user id that is not `Name <mail>`
 */
export async function createKey(store: KeyStore, key: NewKey): Promise<StoredKey> {
  const user = /^\s*([^<>]+?)\s*<([^<>\s]+@[^<>\s]+)>\s*$/.exec(key.userId);
  const [, name, email] = user ?? [];
  if (name === undefined || email === undefined)
    throw new ProdngError(
      'USAGE',
      `${JSON.stringify(key.userId)}: not of the form "Name <mail@example.org>"`,
    );
  const { generateKey } = await openpgp();
  const { privateKey, revocationCertificate } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name, email }],
    subkeys: [],
    date: key.date,
    format: 'object',
    config: signatureConfig,
    ...(key.lifetime === undefined ? {} : { keyExpirationTime: key.lifetime }),
    ...(key.passphrase === undefined ? {} : { passphrase: key.passphrase }),
  });
  return await store.add(privateKey, revocationCertificate);
}
