import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDeb } from '../../src/archive/deb-reader.ts';
import { createKey } from '../../src/sign/create-key.ts';
import { KeyStore } from '../../src/sign/key-store.ts';
import { openpgp } from '../../src/sign/openpgp.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { storeSigner } from '../../src/sign/store-signer.ts';
import { plainEnvironment, run } from '../../src/system/process.ts';

export const date = new Date('2025-03-01T12:00:00Z');
export const time = { date, fixed: true };

/** A folder of its own with a key store and a .deb that dpkg-deb built. */
export interface Scratch {
  folder: string;
  store: KeyStore;
  deb: string;
  remove(): Promise<void>;
}

export async function makeScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'sign-'));
  const store = new KeyStore({ state: join(folder, 'state'), cache: folder, run: folder });
  return {
    folder,
    store,
    deb: await makeDeb(folder, 'hello'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function makeDeb(folder: string, name: string, content = 'hello\n'): Promise<string> {
  const tree = join(folder, `${name}-tree`);
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  await mkdir(join(tree, 'usr/share', name), { recursive: true });
  await writeFile(join(tree, 'usr/share', name, 'text'), content);
  const control = [
    `Package: ${name}`,
    'Version: 1.0',
    'Architecture: all',
    'Maintainer: A <a@example.org>',
    'Description: a test',
    '',
  ];
  await writeFile(join(tree, 'DEBIAN/control'), control.join('\n'));
  const deb = join(folder, `${name}_1.0_all.deb`);
  await run(['dpkg-deb', '--root-owner-group', '-Zxz', '-b', tree, deb], {
    env: { ...plainEnvironment, SOURCE_DATE_EPOCH: '1700000000' },
  });
  return deb;
}

export interface NewSigner {
  created?: Date;
  lifetime?: number;
}

/** A signer with a new key, made a year before `date`. */
export async function makeSigner(
  store: KeyStore,
  name: string,
  { created = new Date('2024-03-01T12:00:00Z'), lifetime }: NewSigner = {},
): Promise<Signer> {
  const key = await createKey(store, {
    userId: `${name} <${name}@example.org>`,
    date: created,
    ...(lifetime === undefined ? {} : { lifetime }),
  });
  return await storeSigner(await store.findSecret(key.fingerprint), time, noPassphrase);
}

/** A signature by a key that has expired by now, made while it was in force. */
export async function expiredSigner(store: KeyStore, name: string): Promise<Signer> {
  const created = new Date('2020-01-01T00:00:00Z');
  const key = await createKey(store, {
    userId: `${name} <${name}@example.org>`,
    date: created,
    lifetime: 86_400,
  });
  const { createMessage, sign } = await openpgp();
  const signingKeys = await store.findSecret(key.fingerprint);
  return {
    fingerprint: key.fingerprint,
    userId: name,
    async detached(data) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of data) chunks.push(chunk);
      const message = await createMessage({ binary: Buffer.concat(chunks) });
      const signed = new Date('2020-01-01T06:00:00Z');
      return await sign({ message, signingKeys, detached: true, format: 'binary', date: signed });
    },
    clearsigned: () => Promise.reject(new Error('not needed')),
    plain: () => Promise.resolve(undefined),
    publicKey: () => Promise.reject(new Error('not needed')),
  };
}

export function noPassphrase(): Promise<string> {
  return Promise.reject(new Error('no key of this test has a passphrase'));
}

/** The public keys of the store as one binary keyring, as gpgv and debsig-verify read them. */
export async function writeKeyring(store: KeyStore, file: string, ids: readonly string[]): Promise<string> {
  const keys = await Promise.all(ids.map((id) => store.find(id)));
  await writeFile(file, Buffer.concat(keys.map((key) => key.write())));
  return file;
}

/** What debsigs and debsig-verify sign and verify: the three members' contents. */
export async function signedContents(deb: string): Promise<Buffer> {
  const reader = await openDeb(deb);
  await reader.close();
  const parts: Buffer[] = [];
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(deb);
  for (const { offset, size } of reader.members.slice(0, 3))
    parts.push(bytes.subarray(offset, offset + size));
  return Buffer.concat(parts);
}
