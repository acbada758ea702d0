import { openpgp } from './openpgp.ts';

/**
 * The keys that claim to have made OpenPGP signatures, which are not verified.
 *
 * @param bytes binary or armoured
 * @returns 16 upper-case hex digits each; none for what is no signature
 */
export async function signingKeyIds(bytes: Uint8Array): Promise<string[]> {
  const { readSignature } = await openpgp();
  const text = Buffer.from(bytes).toString('latin1');
  try {
    const signature = text.startsWith('-----BEGIN')
      ? await readSignature({ armoredSignature: text })
      : await readSignature({ binarySignature: bytes });
    return signature.getSigningKeyIDs().map((id) => id.toHex().toUpperCase());
  } catch {
    return [];
  }
}
