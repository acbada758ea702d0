import { verify } from 'node:crypto';
import type { PublicKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import { type Envelope, preAuthEncoding } from './dsse.ts';
import { ed25519PublicKey } from './export-key.ts';
import { keyFacts } from './key-facts.ts';
import { keyFault } from './key-fault.ts';
import { type SignatureReport, verifyEach } from './verify-signatures.ts';

/** A DSSE envelope that was opened. What is in it proves nothing unless a signature is valid. */
export interface OpenedEnvelope {
  payloadType: string;
  /** The bytes as they were signed. */
  payload: Buffer;
  reports: SignatureReport[];
}

const plainSize = 64;

/**
 * Opens the first line of an .intoto.jsonl and checks each of its signatures.
 *
 * @param name the file, for messages
 * @throws ProdngError SIGNATURE when it is no envelope
 */
export async function openEnvelope(
  text: string,
  name: string,
  keyring: readonly PublicKey[],
  now: Date = new Date(),
): Promise<OpenedEnvelope> {
  const { payload: encoded, payloadType, signatures } = await parseEnvelope(text, name);
  const payload = Buffer.from(encoded, 'base64');
  const signed = preAuthEncoding(payloadType, payload);
  const reports: SignatureReport[] = [];
  for (const { keyid, sig } of signatures) {
    const bytes = Buffer.from(sig, 'base64');
    if (bytes.length === plainSize) reports.push(await verifyPlain(name, keyid, bytes, signed, keyring, now));
    else
      reports.push(
        ...(await verifyEach(
          name,
          bytes,
          async function* () {
            yield signed;
          },
          keyring,
          now,
        )),
      );
  }
  return { payloadType, payload, reports };
}

async function verifyPlain(
  member: string,
  keyid: string,
  signature: Buffer,
  signed: Buffer,
  keyring: readonly PublicKey[],
  now: Date,
): Promise<SignatureReport> {
  // the key id is only a hint of the envelope's: the signature decides
  const key = keyring.find((item) => item.getFingerprint().toUpperCase() === keyid.toUpperCase());
  const keyId = keyid.slice(-16).toUpperCase();
  const bare = key === undefined ? undefined : ed25519PublicKey(key);
  if (key === undefined || bare === undefined)
    return {
      member,
      status: 'unknown-key',
      keyId,
      message: `${member} is signed by ${keyId}, which is not in the keyring`,
    };
  const facts = await keyFacts(key, now);
  const signer = facts.userIds[0] ?? facts.fingerprint;
  const found = { member, keyId, fingerprint: facts.fingerprint, signer };
  const who = `${signer} (${facts.fingerprint})`;
  if (!verify(null, signed, bare, signature))
    return {
      ...found,
      status: 'bad',
      message: `${member} claims to be signed by ${who}: it is a signature over other bytes`,
    };
  const fault = await keyFault(key, key.getKeyID(), now);
  if (fault === undefined) return { ...found, status: 'valid', message: `${member} is signed by ${who}` };
  return { ...found, status: fault.status, message: `${member} is signed by ${who}: ${fault.why}` };
}

async function parseEnvelope(text: string, name: string): Promise<Envelope> {
  const { envelopeSchema } = await import('./envelope-schema.ts');
  try {
    return envelopeSchema.parse(JSON.parse(text.split('\n')[0] ?? ''));
  } catch (cause) {
    throw new ProdngError('SIGNATURE', `${name}: no DSSE envelope with a signature`, { cause });
  }
}
