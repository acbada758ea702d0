import type { KeyID, PublicKey } from 'openpgp';
import { day, type KeyFacts } from './key-facts.ts';

/** Why a signature counts for nothing. */
export interface Fault {
  status: 'bad' | 'expired' | 'revoked';
  why: string;
}

/**
 * What is wrong with a key by now; undefined when it may sign.
 *
 * @param id of the subkey that signed, or of the key itself
 */
export async function keyFault(
  key: PublicKey,
  facts: KeyFacts,
  id: KeyID,
  now: Date,
): Promise<Fault | undefined> {
  if (facts.revoked) return { status: 'revoked', why: 'the key is revoked' };
  if (facts.expires !== undefined && facts.expires * 1000 <= now.getTime())
    return { status: 'expired', why: `the key expired on ${day(facts.expires)}` };
  try {
    await key.getSigningKey(id, now);
    return undefined;
  } catch (error) {
    return timeFault(error instanceof Error ? error.message : String(error));
  }
}

/** Reads openpgp.js's message about a key that is not in force. */
export function timeFault(why: string): Fault {
  if (/revoked/i.test(why)) return { status: 'revoked', why: 'the key is revoked' };
  if (/expired/i.test(why)) return { status: 'expired', why: 'the key is expired' };
  return { status: 'bad', why };
}
