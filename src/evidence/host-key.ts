import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { createKey } from '../sign/create-key.ts';
import { KeyStore } from '../sign/key-store.ts';
import type { Signer } from '../sign/signer.ts';
import { storeSigner } from '../sign/store-signer.ts';
import type { Paths } from '../system/paths.ts';

const mail = (host: string) => `evidence@${host}`;

/**
 * The key with which this host signs what it testifies to: a key of the store, for `evidence@HOSTNAME`. It is made at
 * its first use, without a passphrase, as nobody is there at night to type one; its public part has to be taken to
 * whoever verifies.
 *
 * @param id another key of the store, by fingerprint or mail address
 * @throws ProdngError KEY when that key is locked or not there
 */
export async function hostSigner(paths: Paths, id?: string): Promise<Signer> {
  const store = new KeyStore(paths);
  // OpenPGP counts seconds
  const date = new Date(Math.floor(Date.now() / 1000) * 1000);
  const key = id === undefined ? await ownKey(store, paths, date) : await store.findSecret(id);
  return storeSigner(key, { date, fixed: false }, (facts) => {
    throw new ProdngError('KEY', `key ${facts.fingerprint} has a passphrase, and nobody can be asked`, {
      hint: 'name a key without one',
    });
  });
}

async function ownKey(store: KeyStore, paths: Paths, date: Date) {
  const host = hostname();
  const address = mail(host);
  await mkdir(paths.state, { recursive: true });
  return withFlock(join(paths.state, 'host-key.lock'), async () => {
    const known = (await store.list()).filter(
      ({ secret, revoked, userIds }) =>
        secret && !revoked && userIds.some((id) => id.includes(`<${address}>`)),
    );
    const [newest] = known.toSorted((a, b) => b.created - a.created);
    const { fingerprint } =
      newest ?? (await createKey(store, { userId: `ProdNG host ${host} <${address}>`, date }));
    return store.findSecret(fingerprint);
  });
}
