import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Key, PrivateKey, PublicKey } from 'openpgp';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import type { Paths } from '../system/paths.ts';
import { type KeyFacts, keyFacts } from './key-facts.ts';
import { readKeyring } from './keyring.ts';
import { openpgp } from './openpgp.ts';

/** A key of the store. */
export interface StoredKey extends KeyFacts {
  /** Whether it can sign. */
  secret: boolean;
  /** Whether a passphrase is needed for that. */
  locked: boolean;
}

/**
 * The OpenPGP keys of this user or host: `FINGERPRINT.asc` the public key, `FINGERPRINT.secret.asc` the secret one,
 * `FINGERPRINT.revocation.asc` what to import and publish when the secret is lost. Files 0600, the folder 0700.
 */
export class KeyStore {
  readonly folder: string;

  constructor(paths: Paths) {
    this.folder = join(paths.state, 'keys');
  }

  /**
   * The keys, sorted by fingerprint.
   *
   * @throws ProdngError KEY for a file that cannot be parsed
   */
  async list(): Promise<StoredKey[]> {
    const keys: StoredKey[] = [];
    for (const fingerprint of await this.#fingerprints()) {
      const secret = await this.#secret(fingerprint);
      const facts = await keyFacts(await this.#public(fingerprint));
      keys.push({ ...facts, secret: secret !== undefined, locked: secret?.isDecrypted() === false });
    }
    return keys;
  }

  /** Every public key: whom this user trusts. */
  async publicKeys(): Promise<PublicKey[]> {
    const keys: PublicKey[] = [];
    for (const fingerprint of await this.#fingerprints()) keys.push(await this.#public(fingerprint));
    return keys;
  }

  /**
   * Finds a key by its fingerprint, key id (16 digits at least) or mail address.
   *
   * @throws ProdngError KEY when there is none, or several
   */
  async find(id: string): Promise<PublicKey> {
    const matches = (await this.publicKeys()).filter((key) => isMeant(key, id));
    const [key] = matches;
    if (key !== undefined && matches.length === 1) return key;
    const which = matches.map((item) => item.getFingerprint().toUpperCase()).join(', ');
    throw new ProdngError('KEY', matches.length === 0 ? `no key ${id}` : `${id} may be any of ${which}`, {
      hint: 'list the keys: prodng key list; name one by its fingerprint',
    });
  }

  /**
   * The secret part of a key, still locked when it has a passphrase.
   *
   * @throws ProdngError KEY when there is none
   */
  async findSecret(id: string): Promise<PrivateKey> {
    const key = await this.find(id);
    const secret = await this.#secret(key.getFingerprint().toUpperCase());
    if (secret !== undefined) return secret;
    throw new ProdngError('KEY', `${id}: only its public part is here`, {
      hint: 'import the secret key: prodng key import FILE; or sign with a token through gpg: --gpg KEYID',
    });
  }

  /** The only key that can sign. @throws ProdngError KEY when there is none or several */
  async onlySecret(): Promise<PrivateKey> {
    const candidates = (await this.list()).filter(({ secret }) => secret);
    const [key] = candidates;
    if (key === undefined)
      throw new ProdngError('KEY', 'there is no key to sign with', {
        hint: 'make one: prodng key new "Name <mail@example.org>"',
      });
    if (candidates.length > 1)
      throw new ProdngError('KEY', `there are ${candidates.length} keys to sign with`, {
        hint: 'say which: --key FINGERPRINT; see prodng key list',
      });
    return await this.findSecret(key.fingerprint);
  }

  /**
   * Keeps a key. What is there already is merged, so that a revocation or a new expiry date takes effect.
   *
   * @returns the facts of what is now in the store
   */
  async add(key: Key, revocation?: string): Promise<StoredKey> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await chmod(this.folder, 0o700);
    const fingerprint = key.getFingerprint().toUpperCase();
    const there = (await this.#fingerprints()).includes(fingerprint)
      ? await this.#public(fingerprint)
      : undefined;
    const merged = there === undefined ? key.toPublic() : await there.update(key.toPublic());
    if (key.isPrivate()) await this.#write(`${fingerprint}.secret.asc`, key.armor());
    if (revocation !== undefined) await this.#write(`${fingerprint}.revocation.asc`, revocation);
    // last: a key is listed once its public part is there
    await this.#write(`${fingerprint}.asc`, merged.armor());
    const secret = await this.#secret(fingerprint);
    return {
      ...(await keyFacts(merged)),
      secret: secret !== undefined,
      locked: secret?.isDecrypted() === false,
    };
  }

  async #write(name: string, text: string): Promise<void> {
    await writeFileAtomic(join(this.folder, name), text, 0o600);
  }

  async #fingerprints(): Promise<string[]> {
    try {
      const names = await readdir(this.folder);
      return names.flatMap((name) => /^([0-9A-F]{40})\.asc$/.exec(name)?.[1] ?? []).sort();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw new ProdngError('IO', `${this.folder}: cannot be read: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  async #public(fingerprint: string): Promise<PublicKey> {
    const file = join(this.folder, `${fingerprint}.asc`);
    const [key] = await readKeyring(file);
    if (key?.getFingerprint().toUpperCase() === fingerprint) return key;
    throw new ProdngError('KEY', `${file}: holds another key than its name says`);
  }

  async #secret(fingerprint: string): Promise<PrivateKey | undefined> {
    const file = join(this.folder, `${fingerprint}.secret.asc`);
    try {
      const { readPrivateKey } = await openpgp();
      return await readPrivateKey({ armoredKey: await readFile(file, 'utf8') });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw new ProdngError('KEY', `${file}: cannot be read: ${reason(error)}`, { cause: error });
    }
  }
}

function isMeant(key: Key, id: string): boolean {
  const hex = id.replace(/^0x/i, '').replaceAll(' ', '').toLowerCase();
  if (/^[0-9a-f]{16,40}$/.test(hex)) return key.getFingerprint().endsWith(hex);
  const wanted = id.toLowerCase();
  return key.getUserIDs().some((user) => {
    const mail = /<([^<>]*)>\s*$/.exec(user)?.[1] ?? user;
    return mail.toLowerCase() === wanted || user.toLowerCase() === wanted;
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
