import type { Paths } from '../system/paths.ts';
import { gpgSigner } from './gpg-signer.ts';
import { KeyStore } from './key-store.ts';
import type { SignatureTime, Signer } from './signer.ts';
import { type AskPassphrase, storeSigner } from './store-signer.ts';

/** Who is to sign, as a command line says it. */
export interface SignerChoice {
  /** Keys of the store: fingerprint, key id or mail address. */
  keys: readonly string[];
  /** Keys that gpg holds. */
  gpg: readonly string[];
}

export interface SignerContext {
  paths: Paths;
  env: Readonly<Record<string, string | undefined>>;
  time: SignatureTime;
  ask: AskPassphrase;
  signal?: AbortSignal;
}

/**
 * Opens the signers that were asked for, first the store's; the only key of the store when none was named. Every
 * passphrase is asked for here, before anything is built or written.
 *
 * @throws ProdngError KEY, CONFIG, HOST_LACKS
 */
export async function chooseSigners(choice: SignerChoice, context: SignerContext): Promise<Signer[]> {
  const { env, time, ask, signal } = context;
  const store = new KeyStore(context.paths);
  const keys = await Promise.all(choice.keys.map((id) => store.findSecret(id)));
  if (choice.keys.length + choice.gpg.length === 0) keys.push(await store.onlySecret());
  const signers: Signer[] = [];
  for (const key of keys) signers.push(await storeSigner(key, time, ask));
  const passphraseFile = env.PRODNG_KEY_PASSPHRASE_FILE;
  for (const id of choice.gpg)
    signers.push(
      await gpgSigner(id, {
        env,
        time,
        ...(passphraseFile === undefined ? {} : { passphraseFile }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  return signers;
}
