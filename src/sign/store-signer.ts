import { createPrivateKey, sign } from 'node:crypto';
import type { PrivateKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import { collect } from './collect.ts';
import { day, type KeyFacts, keyFacts } from './key-facts.ts';
import { leastRsaBits } from './key-fault.ts';
import { openpgp, signatureConfig } from './openpgp.ts';
import type { SignatureTime, Signer } from './signer.ts';

/** Gives the passphrase of a locked key. */
export type AskPassphrase = (key: KeyFacts) => Promise<string>;

/**
 * A signer with a key of the store. With a date from SOURCE_DATE_EPOCH its signatures are the same bytes every time;
 * one before the key was made becomes the key's own date, since no verifier takes a signature older than its key.
 *
 * @throws ProdngError KEY when the key is expired, revoked, of a kind Debian's tools refuse, or the passphrase is wrong
 */
export async function storeSigner(key: PrivateKey, time: SignatureTime, ask: AskPassphrase): Promise<Signer> {
  const facts = await keyFacts(key);
  refuseUnusable(key, facts, time.date);
  const unlocked = key.isDecrypted() ? key : await unlock(key, await ask(facts), facts);
  const date = new Date(Math.max(time.date.getTime(), facts.created * 1000));
  const common = { signingKeys: unlocked, date, config: signatureConfig };
  return {
    fingerprint: facts.fingerprint,
    userId: facts.userIds[0] ?? facts.fingerprint,
    async detached(data) {
      const { createMessage, sign: signMessage } = await openpgp();
      const message = await createMessage({ binary: await collect(data), date });
      return await signMessage({ ...common, message, detached: true, format: 'binary' });
    },
    async clearsigned(text) {
      const { createCleartextMessage, sign: signMessage } = await openpgp();
      // the newline before the signature is not part of what is signed; gpg counts the text's last one as that
      const message = await createCleartextMessage({ text: text.replace(/\n$/, '') });
      const signed = await signMessage({ ...common, message });
      return signed.replaceAll('\r\n', '\n');
    },
    async plain(data) {
      const seed = ed25519Seed(unlocked);
      return seed === undefined ? undefined : sign(null, data, ed25519Key(seed));
    },
    publicKey: () => Promise.resolve(key.toPublic().armor().replaceAll('\r\n', '\n')),
  };
}

function refuseUnusable(key: PrivateKey, facts: KeyFacts, date: Date): void {
  const { fingerprint, expires, revoked, algorithm } = facts;
  const now = Math.max(Date.now(), date.getTime()) / 1000;
  if (revoked) throw new ProdngError('KEY', `key ${fingerprint} is revoked`, { hint: otherKey });
  if (expires !== undefined && expires <= now)
    throw new ProdngError('KEY', `key ${fingerprint} expired on ${day(expires)}`, { hint: otherKey });
  const { bits } = key.getAlgorithmInfo();
  if (algorithm.startsWith('rsa') && bits !== undefined && bits < leastRsaBits)
    throw new ProdngError(
      'KEY',
      `key ${fingerprint} is RSA with ${bits} bits; ${leastRsaBits} are the minimum`,
      {
        hint: otherKey,
      },
    );
  if (key.keyPacket.version !== 4 || /^(?:curve|ed)(?:25519|448)$/i.test(key.getAlgorithmInfo().algorithm))
    throw new ProdngError(
      'KEY',
      `key ${fingerprint} (${algorithm}): gpgv and debsig-verify do not support such keys`,
      {
        hint: otherKey,
      },
    );
}

const otherKey = 'sign with another key; create one with: prodng key new "Name <mail@example.org>"';

async function unlock(key: PrivateKey, passphrase: string, facts: KeyFacts): Promise<PrivateKey> {
  const { decryptKey } = await openpgp();
  try {
    return await decryptKey({ privateKey: key, passphrase });
  } catch (cause) {
    throw new ProdngError('KEY', `key ${facts.fingerprint}: wrong passphrase`, { cause });
  }
}

/** The secret scalar's seed of an Ed25519 key; undefined for RSA and the like. */
function ed25519Seed(key: PrivateKey): Uint8Array | undefined {
  const parameters: unknown = 'privateParams' in key.keyPacket ? key.keyPacket.privateParams : undefined;
  if (typeof parameters !== 'object' || parameters === null || !('seed' in parameters)) return undefined;
  const { seed } = parameters;
  return key.getAlgorithmInfo().curve === 'ed25519Legacy' && seed instanceof Uint8Array ? seed : undefined;
}

/** RFC 8410: PKCS #8 of an Ed25519 key is this and the seed. */
function ed25519Key(seed: Uint8Array) {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
}
