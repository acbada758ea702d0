import type { KeyID, PublicKey, SignaturePacket } from 'openpgp';
import { openpgp } from './openpgp.ts';

/** Why a signature does not count. */
export interface Fault {
  status: 'bad' | 'expired' | 'revoked';
  why: string;
}

/** bits; what gpgv, sqv and debsig-verify accept today, and what `prodng sign` therefore refuses to go below. */
export const leastRsaBits = 2048;

/**
 * Whether a key could sign at a time, as RFC 9580 defines it: its latest self-signatures decide how long it was valid,
 * so that a renewal extends the past too. A revocation as superseded or retired (5.2.3.31) counts from its own date; any
 * other, compromise and none given among them, counts for all time.
 *
 * @param id the primary key or the subkey that signed
 * @param at when the signature was made
 * @param now what is known now: later self-signatures and revocations are ignored
 * @returns undefined when the key could sign
 */
export async function keyFault(
  key: PublicKey,
  id: KeyID,
  at: Date,
  now: Date = at,
): Promise<Fault | undefined> {
  const { algorithm, bits } = (key.getKeys(id)[0] ?? key).getAlgorithmInfo();
  if (/^rsa/i.test(algorithm) && bits !== undefined && bits < leastRsaBits)
    return { status: 'bad', why: `the key is RSA with ${bits} bits; ${leastRsaBits} are the minimum` };
  const primary = await firstValid(key, primaryDates(key, at, now), (fresh, date) =>
    fresh.verifyPrimaryKey(date),
  );
  if (primary !== undefined) return primary;
  if (key.getKeyID().equals(id))
    return await firstValid(key, primaryDates(key, at, now), (fresh, date) => fresh.getSigningKey(id, date));
  const subkey = key.subkeys.find((each) => each.getKeyID().equals(id));
  const dates = datesOf(subkey?.bindingSignatures ?? [], at, now);
  return await firstValid(key, dates, (fresh, date) => verifySigningSubkey(fresh, id, date));
}

/** The binding of the subkey, that it may sign, and its consent to be bound (the signature embedded in the binding). */
async function verifySigningSubkey(key: PublicKey, id: KeyID, date: Date): Promise<void> {
  const subkey = key.subkeys.find((each) => each.getKeyID().equals(id));
  if (subkey === undefined) throw new Error('it has no such subkey');
  const { enums } = await openpgp();
  const { keyFlags, embeddedSignature } = await subkey.verify(date);
  if (((keyFlags?.[0] ?? 0) & enums.keyFlags.signData) === 0) throw new Error('the subkey may not sign');
  if (embeddedSignature === null) throw new Error('the subkey does not confirm its binding');
  const bound = { key: key.keyPacket, bind: subkey.keyPacket };
  await embeddedSignature.verify(subkey.keyPacket, enums.signature.keyBinding, bound, date);
}

/** Undefined when the check passes at one of the dates, or else the fault at the last of them. */
async function firstValid(
  key: PublicKey,
  dates: readonly Date[],
  check: (fresh: PublicKey, date: Date) => Promise<unknown>,
): Promise<Fault | undefined> {
  const { readKey } = await openpgp();
  let fault: Fault = { status: 'bad', why: 'the key was made after the signature' };
  for (const date of dates) {
    try {
      // openpgp.js remembers in a key's signatures that they are revoked, whatever the date of the next question
      await check(await readKey({ binaryKey: key.write() }), date);
      return undefined;
    } catch (error) {
      fault = timeFault(error instanceof Error ? error.message : String(error));
    }
  }
  return fault;
}

function primaryDates(key: PublicKey, at: Date, now: Date): Date[] {
  if (key.getCreationTime() > at) return [];
  return datesOf(
    key.users.flatMap(({ selfCertifications }) => selfCertifications),
    at,
    now,
  );
}

/** The time of the signature, then those of later self-signatures: gpg replaces the old one when it renews a key. */
function datesOf(signatures: readonly SignaturePacket[], at: Date, now: Date): Date[] {
  const later = signatures.flatMap(({ created }) =>
    created !== null && created > at && created <= now ? [created] : [],
  );
  return [at, ...later.toSorted((a, b) => a.getTime() - b.getTime())];
}

/** Reads openpgp.js's message about a key that is not valid. */
function timeFault(why: string): Fault {
  if (/revoked/i.test(why)) return { status: 'revoked', why: 'the key is revoked' };
  if (/expired/i.test(why)) return { status: 'expired', why: 'the key had expired' };
  return { status: 'bad', why };
}
