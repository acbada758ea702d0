import type { PrivateKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import { type KeyFacts, keyFacts } from './key-facts.ts';
import type { KeyStore, StoredKey } from './key-store.ts';
import { openpgp, signatureConfig } from './openpgp.ts';

/** Why a key is revoked, RFC 9580 5.2.3.31. Only `compromised` invalidates what it signed before. */
export const revocationReasons = ['superseded', 'retired', 'compromised'] as const;

export type RevocationReason = (typeof revocationReasons)[number];

/** A change of a key of the store. */
export interface KeyChange {
  /** Fingerprint, key id or mail address. */
  id: string;
  /** When the change is dated. */
  date: Date;
  /** Gives the passphrase of a locked key. */
  ask: (key: KeyFacts) => Promise<string>;
}

/**
 * Gives a key another expiry date. Signatures that it has made stay valid.
 *
 * @param lifetime seconds from `date`; undefined for a key that does not expire
 * @throws ProdngError KEY
 */
export async function renewKey(store: KeyStore, change: KeyChange, lifetime?: number): Promise<StoredKey> {
  const { unlocked, facts, passphrase } = await open(store, change);
  const { reformatKey } = await openpgp();
  // OpenPGP counts a key's lifetime from its creation
  const age = Math.floor(change.date.getTime() / 1000) - facts.created;
  const { privateKey } = await reformatKey({
    privateKey: unlocked,
    userIDs: facts.userIds.map(userOf),
    keyExpirationTime: lifetime === undefined ? 0 : age + lifetime,
    date: change.date,
    format: 'object',
    config: signatureConfig,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return await store.add(privateKey);
}

/** Revokes a key. Publish the key afterwards: `prodng key export`. @throws ProdngError KEY */
export async function revokeStoredKey(
  store: KeyStore,
  change: KeyChange,
  reason: RevocationReason,
  text = '',
): Promise<StoredKey> {
  const { unlocked } = await open(store, change);
  const { enums, revokeKey } = await openpgp();
  const flags = {
    superseded: enums.reasonForRevocation.keySuperseded,
    retired: enums.reasonForRevocation.keyRetired,
    compromised: enums.reasonForRevocation.keyCompromised,
  };
  const { publicKey } = await revokeKey({
    key: unlocked,
    reasonForRevocation: { flag: flags[reason], string: text },
    date: change.date,
    format: 'object',
    config: signatureConfig,
  });
  return await store.add(publicKey);
}

/**
 * Adds a signing subkey to a key; `prodng sign` uses the newest one that is valid. What trusts the key trusts it.
 *
 * @param lifetime seconds; undefined for a subkey that does not expire
 * @throws ProdngError KEY
 */
export async function rotateKey(store: KeyStore, change: KeyChange, lifetime?: number): Promise<StoredKey> {
  const { unlocked, passphrase } = await open(store, change);
  const { encryptKey } = await openpgp();
  const added = await unlocked.addSubkey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    sign: true,
    date: change.date,
    config: { ...(await openpgp()).config, ...signatureConfig },
    ...(lifetime === undefined ? {} : { keyExpirationTime: lifetime }),
  });
  return await store.add(
    passphrase === undefined ? added : await encryptKey({ privateKey: added, passphrase }),
  );
}

async function open(store: KeyStore, { id, ask }: KeyChange) {
  const key: PrivateKey = await store.findSecret(id);
  const facts = await keyFacts(key);
  if (facts.revoked) throw new ProdngError('KEY', `key ${facts.fingerprint} is revoked`);
  if (key.isDecrypted()) return { unlocked: key, facts, passphrase: undefined };
  const passphrase = await ask(facts);
  const { decryptKey } = await openpgp();
  try {
    return { unlocked: await decryptKey({ privateKey: key, passphrase }), facts, passphrase };
  } catch (cause) {
    throw new ProdngError('KEY', `key ${facts.fingerprint}: wrong passphrase`, { cause });
  }
}

function userOf(userId: string): { name?: string; email?: string } {
  const [, name, email] = /^(.*?)\s*<([^<>]+)>$/.exec(userId) ?? [];
  return email === undefined ? { name: userId } : { name: name ?? '', email };
}
