import type { PublicKey, Signature } from 'openpgp';
import { collect } from './collect.ts';
import { keyFacts } from './key-facts.ts';
import { type Fault, keyFault, timeFault } from './key-fault.ts';
import { openpgp } from './openpgp.ts';
import { openSignedBytes, type SignedBytes } from './signed-bytes.ts';

/**
 * `valid`: these bytes, by a key of the keyring that is in force now. `bad`: a key of the keyring, but not these bytes.
 * `unreadable`: no OpenPGP signature at all.
 */
export type SignatureStatus = 'valid' | 'bad' | 'unknown-key' | 'expired' | 'revoked' | 'unreadable';

/** What one signature is worth. */
export interface SignatureReport {
  /** `_gpgorigin`, or the file's name for a detached signature. */
  member: string;
  status: SignatureStatus;
  /** The key that claims to have signed, 16 upper-case hex digits; undefined when unreadable. */
  keyId?: string;
  /** Of the primary key, 40 upper-case hex digits; only for keys of the keyring. */
  fingerprint?: string;
  /** The first user id of that key. */
  signer?: string;
  /** When it says it was made, seconds since 1970. Not proven unless valid. */
  made?: number;
  /** A whole sentence: what was found. */
  message: string;
}

/**
 * Checks every signature in a .deb.
 *
 * @param keyring whom to believe; an expired or revoked key in it makes its signatures `expired` or `revoked`
 * @param now what expiry is measured by
 * @returns one report for each signature, in the file's order; none for an unsigned file
 * @throws ProdngError when the file is no .deb that openDeb takes: a member after the signatures, for instance
 */
export async function verifySignatures(
  path: string,
  keyring: readonly PublicKey[],
  now: Date = new Date(),
): Promise<SignatureReport[]> {
  const bytes = await openSignedBytes(path);
  try {
    const reports: SignatureReport[] = [];
    for (const { name, bytes: signature } of await bytes.deb.signatureMembers())
      reports.push(...(await verifyEach(name, signature, () => bytes.members(), keyring, now)));
    return reports;
  } finally {
    await bytes.close();
  }
}

/** Checks detached signatures (armoured or binary) of a .deb's unsigned bytes. @throws as verifySignatures does */
export async function verifyDetached(
  path: string,
  name: string,
  signature: Uint8Array,
  keyring: readonly PublicKey[],
  now: Date = new Date(),
): Promise<SignatureReport[]> {
  const bytes: SignedBytes = await openSignedBytes(path);
  try {
    return await verifyEach(name, signature, () => bytes.unsigned(), keyring, now);
  } finally {
    await bytes.close();
  }
}

/** Checks every signature packet in `signature` over the bytes of `data`, which is called once per packet. */
export async function verifyEach(
  member: string,
  signature: Uint8Array,
  data: () => AsyncIterable<Uint8Array>,
  keyring: readonly PublicKey[],
  now: Date,
): Promise<SignatureReport[]> {
  const reports: SignatureReport[] = [];
  let signatures: Signature[];
  try {
    signatures = await splitSignatures(signature);
  } catch (error) {
    return [
      { member, status: 'unreadable', message: `${member} holds no OpenPGP signature: ${reason(error)}` },
    ];
  }
  for (const one of signatures) reports.push(await verifyOne(member, one, data, keyring, now));
  return reports;
}

/** The keys that claim to have made signatures, 16 upper-case hex digits each; none for what is no OpenPGP signature. */
export async function signingKeys(signature: Uint8Array): Promise<string[]> {
  try {
    const signatures = await splitSignatures(signature);
    return signatures.flatMap((one) => one.getSigningKeyIDs().map((id) => id.toHex().toUpperCase()));
  } catch {
    return [];
  }
}

async function splitSignatures(bytes: Uint8Array): Promise<Signature[]> {
  const { readSignature, PacketList, Signature: SignatureClass } = await openpgp();
  const armoured = Buffer.from(bytes.subarray(0, 14)).toString('latin1') === '-----BEGIN PGP';
  const signature = armoured
    ? await readSignature({ armoredSignature: Buffer.from(bytes).toString('latin1') })
    : await readSignature({ binarySignature: bytes });
  if (signature.packets.length === 0) throw new Error('it is empty');
  return signature.packets.map((packet) => {
    const list = new PacketList<typeof packet>();
    list.push(packet);
    return new SignatureClass(list);
  });
}

async function verifyOne(
  member: string,
  signature: Signature,
  data: () => AsyncIterable<Uint8Array>,
  keyring: readonly PublicKey[],
  now: Date,
): Promise<SignatureReport> {
  const packet = signature.packets[0];
  const id = signature.getSigningKeyIDs()[0];
  const keyId = id?.toHex().toUpperCase() ?? 'nobody';
  const created = packet?.created;
  const made = created === undefined || created === null ? {} : { made: created.getTime() / 1000 };
  const key = id === undefined ? undefined : keyring.find((item) => item.getKeys(id).length > 0);
  if (id === undefined || key === undefined) {
    const message = `${member} is signed by ${keyId}, which is not in the keyring`;
    return { member, status: 'unknown-key', keyId, ...made, message };
  }
  const facts = await keyFacts(key, now);
  const signer = facts.userIds[0] ?? facts.fingerprint;
  const found = { member, keyId, fingerprint: facts.fingerprint, signer, ...made };
  const who = `${signer} (${facts.fingerprint})`;
  const fault = (await dataFault(signature, data, key, now)) ?? (await keyFault(key, facts, id, now));
  if (fault === undefined) return { ...found, status: 'valid', message: `${member} is signed by ${who}` };
  const claim = fault.status === 'bad' ? 'claims to be' : 'is';
  return { ...found, status: fault.status, message: `${member} ${claim} signed by ${who}: ${fault.why}` };
}

/** What is wrong with the signature itself, or with its key when it was made. */
async function dataFault(
  signature: Signature,
  data: () => AsyncIterable<Uint8Array>,
  key: PublicKey,
  now: Date,
): Promise<Fault | undefined> {
  const { createMessage, enums, verify } = await openpgp();
  // a text signature is blind to line endings, which in a .deb are bytes like others
  if (signature.packets[0]?.signatureType !== enums.signature.binary)
    return { status: 'bad', why: 'it is not a signature of binary data' };
  const message = await createMessage({ binary: await collect(data()) });
  const result = await verify({ message, signature, verificationKeys: key, date: now, format: 'binary' });
  const [one] = result.signatures;
  if (one === undefined) return { status: 'bad', why: 'it cannot be verified' };
  try {
    await one.verified;
    return undefined;
  } catch (error) {
    const why = reason(error);
    if (/digest did not match|verification failed/i.test(why))
      return { status: 'bad', why: 'it is a signature over other bytes' };
    if (/creation time is in the future/i.test(why))
      return { status: 'bad', why: 'it is dated ahead of the clock' };
    // openpgp.js looks at the key only once the signature has proven right
    return /^signature is expired/i.test(why) ? { status: 'bad', why } : timeFault(why);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
