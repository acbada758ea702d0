import type { Signer } from './signer.ts';

/** The type of an in-toto statement's bytes. */
export const inTotoType = 'application/vnd.in-toto+json';

/** A DSSE envelope (Dead Simple Signing Envelope, version 1.0.2). Byte strings are base64. */
export interface Envelope {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
}

/** The pre-authentication encoding: what is signed, so that a payload is never taken for one of another type. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

/**
 * Puts a statement into an envelope that all signers sign: with plain Ed25519 where they can, which every DSSE
 * verifier knows; where the key is in gpg or of another kind, with an OpenPGP signature.
 *
 * @returns one line of JSON
 */
export async function signStatement(
  statement: string,
  signers: readonly Signer[],
  payloadType = inTotoType,
): Promise<string> {
  const payload = Buffer.from(statement);
  const encoded = preAuthEncoding(payloadType, payload);
  const signatures: Envelope['signatures'] = [];
  for (const signer of signers) {
    const signature = (await signer.plain(encoded)) ?? (await signer.detached(once(encoded)));
    signatures.push({ keyid: signer.fingerprint, sig: Buffer.from(signature).toString('base64') });
  }
  const envelope: Envelope = { payload: payload.toString('base64'), payloadType, signatures };
  return `${JSON.stringify(envelope)}\n`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
