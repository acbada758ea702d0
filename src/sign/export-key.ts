import { createPublicKey, type KeyObject } from 'node:crypto';
import type { PublicKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import type { KeyStore } from './key-store.ts';

/** `binary` as gpgv and debsig-verify take keyrings; `pem` the bare public key; `secret` as it is kept, armoured. */
export type ExportForm = 'armoured' | 'binary' | 'pem' | 'secret';

/**
 * A key of the store for others.
 *
 * @throws ProdngError KEY when there is none, or it has no such form
 */
export async function exportedKey(store: KeyStore, id: string, form: ExportForm): Promise<Uint8Array> {
  if (form === 'secret') return text((await store.findSecret(id)).armor());
  const key = await store.find(id);
  if (form === 'armoured') return text(key.armor());
  if (form === 'binary') return key.write();
  const bare = ed25519PublicKey(key);
  if (bare === undefined) throw new ProdngError('KEY', `${id}: only Ed25519 keys are exported as PEM`);
  return text(String(bare.export({ type: 'spki', format: 'pem' })));
}

/** The bare public key of an Ed25519 key, by which plain signatures are verified; undefined for another kind. */
export function ed25519PublicKey(key: PublicKey): KeyObject | undefined {
  const parameters: unknown = key.keyPacket.publicParams;
  if (typeof parameters !== 'object' || parameters === null || !('Q' in parameters)) return undefined;
  const { Q: point } = parameters;
  if (key.getAlgorithmInfo().curve !== 'ed25519Legacy' || !(point instanceof Uint8Array)) return undefined;
  // RFC 8410 and, for the 0x40 before the point, RFC 9580, 5.5.5.5
  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const spki = Buffer.concat([prefix, point.subarray(1)]);
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}

function text(armoured: string): Uint8Array {
  return Buffer.from(armoured.replaceAll('\r\n', '\n'));
}
