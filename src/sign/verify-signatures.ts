import type { KeyID, PublicKey, Signature } from 'openpgp';
import { collect } from './collect.ts';
import { keyFacts } from './key-facts.ts';
import { type Fault, keyFault } from './key-fault.ts';
import { openpgp } from './openpgp.ts';
import { openSignedBytes, type SignedBytes } from './signed-bytes.ts';

/**
 * `valid`: these bytes, by a key of the keyring that was valid when the signature was made. `expired`, `revoked`: it was
 * not. `bad`: a key of the keyring, but not these bytes. `unreadable`: no OpenPGP signature at all.
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
  /** Whether the key could still sign now; only for valid signatures. A policy may require it. */
  keyNow?: 'valid' | 'expired' | 'revoked';
  /** A whole sentence: what was found. */
  message: string;
}

/** ms that a signature may be ahead of this host's clock. */
export const clockTolerance = 300_000;

/**
 * Checks every signature in a .deb.
 *
 * @param keyring trusted keys. Each is checked at the time of the signature: see keyFault
 * @param now the current time; signatures made later than `clockTolerance` from now are bad
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
    return await verifyMembers(bytes, keyring, now);
  } finally {
    await bytes.close();
  }
}

/** As verifySignatures, of a .deb that is open. */
export async function verifyMembers(
  bytes: SignedBytes,
  keyring: readonly PublicKey[],
  now: Date = new Date(),
): Promise<SignatureReport[]> {
  const reports: SignatureReport[] = [];
  for (const { name, bytes: signature } of await bytes.deb.signatureMembers())
    reports.push(...(await verifyEach(name, signature, () => bytes.members(), keyring, now)));
  return reports;
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
  const at = created ?? now;
  const fault = (await dataFault(signature, data, key, id, now)) ?? (await keyFault(key, id, at, now));
  if (fault === undefined) {
    const later = await keyFault(key, id, now);
    const note = later === undefined ? '' : `; ${later.why.replace(/ had /, ' has ')} since`;
    const keyNow = later === undefined ? 'valid' : later.status === 'bad' ? 'expired' : later.status;
    return { ...found, status: 'valid', keyNow, message: `${member} is signed by ${who}${note}` };
  }
  const claim = fault.status === 'bad' ? 'claims to be' : 'is';
  return { ...found, status: fault.status, message: `${member} ${claim} signed by ${who}: ${fault.why}` };
}

/** What is wrong with the signature itself, whatever its key. */
async function dataFault(
  signature: Signature,
  data: () => AsyncIterable<Uint8Array>,
  key: PublicKey,
  id: KeyID,
  now: Date,
): Promise<Fault | undefined> {
  const { createMessage, enums } = await openpgp();
  const [packet] = signature.packets;
  // a text signature is blind to line endings, which in a .deb are bytes like others
  if (packet?.signatureType !== enums.signature.binary)
    return { status: 'bad', why: 'it is not a signature of binary data' };
  const [literal] = (await createMessage({ binary: await collect(data()) })).packets;
  const signer = key.getKeys(id)[0];
  if (literal === undefined || signer === undefined) return { status: 'bad', why: 'it cannot be verified' };
  const date = new Date(now.getTime() + clockTolerance);
  try {
    await packet.verify(signer.keyPacket, enums.signature.binary, literal, date, true);
    return undefined;
  } catch (error) {
    const why = reason(error);
    if (/digest did not match|verification failed/i.test(why))
      return { status: 'bad', why: 'it is a signature over other bytes' };
    if (/creation time is in the future/i.test(why))
      return { status: 'bad', why: 'it is dated ahead of the clock' };
    return { status: 'bad', why };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
