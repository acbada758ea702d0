import type { Signer } from '../../sign/signer.ts';
import { prodngPaths } from '../../system/paths.ts';
import { askPassphrase, type PassphraseOptions } from './passphrase.ts';

export interface SigningOptions extends PassphraseOptions {
  key?: string[];
  gpg?: string[];
}

/** For options that may be given several times. */
export function collectValues(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** The signers that --key and --gpg name, with their passphrases asked for. */
export async function signersOf(options: SigningOptions, signal?: AbortSignal): Promise<Signer[]> {
  const { chooseSigners } = await import('../../sign/choose-signers.ts');
  const { signatureTime } = await import('../../sign/signer.ts');
  return await chooseSigners(
    { keys: options.key ?? [], gpg: options.gpg ?? [] },
    {
      paths: prodngPaths(),
      env: process.env,
      time: signatureTime(process.env),
      ask: ({ userIds, keyId }) => askPassphrase(options, `Passphrase for ${userIds[0] ?? ''} (${keyId}): `),
      ...(signal === undefined ? {} : { signal }),
    },
  );
}

/** The public keys of these keyrings; those of the user's own store without any. */
export async function keysOf(keyrings: readonly string[] | undefined) {
  if (keyrings === undefined) {
    const { KeyStore } = await import('../../sign/key-store.ts');
    return new KeyStore(prodngPaths()).publicKeys();
  }
  const { readKeyring } = await import('../../sign/keyring.ts');
  return (await Promise.all(keyrings.map((file) => readKeyring(file)))).flat();
}
