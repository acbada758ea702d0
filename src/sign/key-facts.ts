import type { Key } from 'openpgp';

/** What there is to say about an OpenPGP key. */
export interface KeyFacts {
  /** 40 upper-case hex digits of the primary key. */
  fingerprint: string;
  /** The last 16 of them: the directory that debsig-verify looks for. */
  keyId: string;
  userIds: string[];
  /** As gpg names it: `rsa3072`, `ed25519`. */
  algorithm: string;
  /** Seconds since 1970. */
  created: number;
  /** Seconds since 1970; undefined when it never expires. */
  expires?: number;
  revoked: boolean;
}

/** Reads the facts of a key, as they are at `now`. */
export async function keyFacts(key: Key, now: Date = new Date()): Promise<KeyFacts> {
  const expiry = await key.getExpirationTime().catch(() => null);
  const { algorithm, curve, bits } = key.getAlgorithmInfo();
  return {
    fingerprint: key.getFingerprint().toUpperCase(),
    keyId: key.getKeyID().toHex().toUpperCase(),
    userIds: key.getUserIDs(),
    algorithm:
      curve === 'ed25519Legacy' ? 'ed25519' : (curve ?? `${algorithm.replace(/^rsa.*/, 'rsa')}${bits ?? ''}`),
    created: key.getCreationTime().getTime() / 1000,
    ...(expiry instanceof Date ? { expires: expiry.getTime() / 1000 } : {}),
    revoked: await isRevoked(key, now),
  };
}

/** Whether a valid revocation of the whole key is part of it. */
async function isRevoked(key: Key, now: Date): Promise<boolean> {
  // openpgp.js takes a certificate without a signature on purpose: any valid revocation then counts
  return await key.isRevoked(undefined, undefined, now);
}

/** `2026-01-31`, UTC. */
export function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
