import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewKey, revokeStoredKey, rotateKey } from '../../src/sign/change-key.ts';
import { createKey } from '../../src/sign/create-key.ts';
import { readKeyring } from '../../src/sign/keyring.ts';
import { openpgp } from '../../src/sign/openpgp.ts';
import { judgeSignatures } from '../../src/sign/signature-policy.ts';
import { storeSigner } from '../../src/sign/store-signer.ts';
import { verifySignatures } from '../../src/sign/verify-signatures.ts';
import { makeScratch, noPassphrase, type Scratch, signedContents } from './signing.ts';

const year = 365 * 86_400;
const at = (text: string) => new Date(`${text}T12:00:00Z`);
const now = at('2026-06-01');

let scratch: Scratch;
let counter = 0;

beforeAll(async () => {
  scratch = await makeScratch();
});
afterAll(() => scratch.remove());

async function newKey(created: Date, lifetime?: number): Promise<string> {
  const userId = `k${++counter} <k${counter}@example.org>`;
  return (
    await createKey(scratch.store, { userId, date: created, ...(lifetime === undefined ? {} : { lifetime }) })
  ).fingerprint;
}

/** Signs as it was done at that time: the signature is made with the key as it is in the store now. */
async function signedAt(fingerprint: string, date: Date): Promise<string> {
  const { createMessage, sign } = await openpgp();
  const key = await scratch.store.findSecret(fingerprint);
  const binary = await signedContents(scratch.deb);
  const signature = await sign({
    message: await createMessage({ binary }),
    signingKeys: key,
    detached: true,
    format: 'binary',
    date,
  });
  const deb = join(scratch.folder, `${fingerprint}-${date.getTime()}.deb`);
  const folder = join(scratch.folder, `${fingerprint}-${date.getTime()}`);
  await mkdir(folder, { recursive: true });
  await copyFile(scratch.deb, deb);
  await writeFile(join(folder, '_gpgorigin'), signature);
  await writeFile(`${deb}.sig`, signature);
  await writeFile(`${deb}.data`, binary);
  execFileSync('ar', ['q', deb, join(folder, '_gpgorigin')]);
  return deb;
}

async function verified(deb: string, when = now) {
  const [report] = await verifySignatures(deb, await scratch.store.publicKeys(), when);
  return report;
}

/** What Debian's own verifiers say of the same bytes and the same certificate, today. */
async function oracles(deb: string, fingerprint: string): Promise<{ gpgv: boolean; sqv: boolean }> {
  const keyring = `${deb}.keyring`;
  await writeFile(keyring, (await scratch.store.find(fingerprint)).write());
  const [signature, data] = [`${deb}.sig`, `${deb}.data`];
  const passes = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
  return {
    gpgv: passes('gpgv', '--keyring', keyring, signature, data),
    sqv: passes('sqv', '--keyring', keyring, signature, data),
  };
}

describe('a key is checked at the time of the signature', () => {
  it('accepts a key that expired after it signed, as gpgv and sqv do', async () => {
    const key = await newKey(at('2023-01-01'), year);
    const deb = await signedAt(key, at('2023-06-01'));
    expect(await verified(deb)).toMatchObject({
      status: 'valid',
      keyNow: 'expired',
      message: expect.stringContaining('the key has expired since'),
    });
    expect(await oracles(deb, key)).toEqual({ gpgv: true, sqv: true });
  });

  it('refuses a key that had expired when it signed', async () => {
    const key = await newKey(at('2023-01-01'), 2 * year);
    const deb = await signedAt(key, at('2024-06-01'));
    await renewKey(scratch.store, { id: key, date: at('2023-02-01'), ask: noPassphrase }, 180 * 86_400);
    expect(await verified(deb)).toMatchObject({ status: 'expired' });
  });

  it('accepts what a key signed before it was renewed, even when the renewal replaced its self-signature', async () => {
    const key = await newKey(at('2023-01-01'), year);
    const deb = await signedAt(key, at('2023-06-01'));
    await renewKey(scratch.store, { id: key, date: at('2025-01-01'), ask: noPassphrase }, 3 * year);
    expect(await verified(deb)).toMatchObject({ status: 'valid', keyNow: 'valid' });
    expect(await oracles(deb, key)).toEqual({ gpgv: true, sqv: true });
    // as gpg exports it: the newest self-signature only
    const { readKey, PacketList } = await openpgp();
    const whole = await scratch.store.find(key);
    const packets = whole.toPacketList();
    const latest = Math.max(
      ...whole.users.flatMap(({ selfCertifications }) =>
        selfCertifications.map(({ created }) => Number(created)),
      ),
    );
    const kept = new PacketList();
    for (const packet of packets) {
      const created = 'signatureType' in packet && 'created' in packet ? packet.created : undefined;
      if (!(created instanceof Date) || Number(created) === latest) kept.push(packet);
    }
    const reduced = await readKey({ binaryKey: kept.write() });
    expect(reduced.users.flatMap(({ selfCertifications }) => selfCertifications)).toHaveLength(1);
    const [report] = await verifySignatures(deb, [reduced], now);
    expect(report).toMatchObject({ status: 'valid', keyNow: 'valid' });
  });

  it('accepts a signing subkey that expired after it signed, with a valid primary key and a new subkey', async () => {
    const key = await newKey(at('2023-01-01'));
    await rotateKey(scratch.store, { id: key, date: at('2023-02-01'), ask: noPassphrase }, year);
    const deb = await signedAt(key, at('2023-06-01'));
    await rotateKey(scratch.store, { id: key, date: at('2024-01-15'), ask: noPassphrase }, 3 * year);
    const report = await verified(deb);
    expect(report?.keyId).not.toBe(key.slice(-16));
    expect(report).toMatchObject({ status: 'valid', keyNow: 'expired', fingerprint: key });
    expect(await oracles(deb, key)).toEqual({ gpgv: true, sqv: true });
    expect(await verified(await signedAt(key, at('2025-06-01')))).toMatchObject({
      status: 'valid',
      keyNow: 'valid',
    });
  });

  it.each(['superseded', 'retired'] as const)(
    'accepts what was signed before a revocation as %s, and refuses what was signed after it',
    async (reason) => {
      const key = await newKey(at('2023-01-01'));
      const [before, after] = [await signedAt(key, at('2023-06-01')), await signedAt(key, at('2025-06-01'))];
      await revokeStoredKey(scratch.store, { id: key, date: at('2025-01-01'), ask: noPassphrase }, reason);
      expect(await verified(before)).toMatchObject({ status: 'valid', keyNow: 'revoked' });
      expect(await verified(after)).toMatchObject({ status: 'revoked' });
      // sqv follows RFC 9580; gpgv checks neither expiry nor revocation: it exits with 0 and leaves them to its caller
      expect(await oracles(before, key)).toEqual({ gpgv: true, sqv: true });
      expect(await oracles(after, key)).toEqual({ gpgv: true, sqv: false });
    },
  );

  it('refuses everything that a compromised key has signed', async () => {
    const key = await newKey(at('2023-01-01'));
    const deb = await signedAt(key, at('2023-06-01'));
    await revokeStoredKey(
      scratch.store,
      { id: key, date: at('2025-01-01'), ask: noPassphrase },
      'compromised',
    );
    expect(await verified(deb)).toMatchObject({ status: 'revoked' });
    expect(await oracles(deb, key)).toEqual({ gpgv: true, sqv: false });
  });

  it('refuses a signature that is older than its key', async () => {
    const key = await newKey(at('2023-01-01'));
    const deb = await signedAt(key, at('2023-01-01'));
    const [report] = await verifySignatures(deb, await scratch.store.publicKeys(), at('2022-12-31'));
    expect(report?.status).toBe('bad');
  });

  it('takes clocks that differ by up to five minutes', async () => {
    const key = await newKey(at('2023-01-01'));
    const deb = await signedAt(key, at('2023-06-01'));
    const early = (seconds: number) => new Date(at('2023-06-01').getTime() - seconds * 1000);
    expect((await verified(deb, early(290)))?.status).toBe('valid');
    expect(await verified(deb, early(310))).toMatchObject({
      status: 'bad',
      message: expect.stringContaining('dated ahead of the clock'),
    });
  });
});

it('a policy can require keys that are valid now', async () => {
  const key = await newKey(at('2023-01-01'), year);
  const deb = await signedAt(key, at('2023-06-01'));
  const reports = await verifySignatures(deb, await scratch.store.publicKeys(), now);
  const rules = [{ name: 'release', keys: [key], atLeast: 1 }];
  expect(judgeSignatures(reports, rules)).toEqual({ passed: true, findings: [] });
  expect(judgeSignatures(reports, rules, true)).toEqual({
    passed: false,
    findings: [expect.stringMatching(/^release: 0 of the 1 .*the key has expired since$/)],
  });
});

it('RSA with 1024 bits is refused by sign as by verify', async () => {
  const { generateKey } = await openpgp();
  const { privateKey } = await generateKey({
    type: 'rsa',
    rsaBits: 1024,
    userIDs: [{ name: 'weak', email: 'weak@example.org' }],
    date: at('2023-01-01'),
    format: 'object',
    config: { minRSABits: 1023 },
  });
  const { fingerprint } = await scratch.store.add(privateKey);
  const time = { date: at('2024-01-01'), fixed: true };
  await expect(storeSigner(privateKey, time, noPassphrase)).rejects.toThrow('RSA with 1024 bits; 2048');
  const { createMessage, sign } = await openpgp();
  const deb = join(scratch.folder, 'weak.deb');
  await copyFile(scratch.deb, deb);
  const signature = await sign({
    message: await createMessage({ binary: await signedContents(scratch.deb) }),
    signingKeys: privateKey,
    detached: true,
    format: 'binary',
    date: at('2024-01-01'),
    config: { minRSABits: 1023 },
  });
  await writeFile(join(scratch.folder, '_gpgorigin'), signature);
  execFileSync('ar', ['q', deb, join(scratch.folder, '_gpgorigin')]);
  expect(await verified(deb)).toMatchObject({
    fingerprint,
    status: 'bad',
    message: expect.stringContaining('1024 bits'),
  });
});

it('a key lives through three years of renewals, rotations and a successor, and every release stays valid', async () => {
  const key = await newKey(at('2023-01-01'), year);
  const change = (date: string) => ({ id: key, date: at(date), ask: noPassphrase });
  const releases = [await signedAt(key, at('2023-03-01'))];
  await renewKey(scratch.store, change('2023-12-01'), year);
  releases.push(await signedAt(key, at('2024-03-01')));
  await rotateKey(scratch.store, change('2024-06-01'), year);
  releases.push(await signedAt(key, at('2024-07-01')));
  await renewKey(scratch.store, change('2024-11-01'), 2 * year);
  releases.push(await signedAt(key, at('2025-03-01')));
  const successor = await newKey(at('2025-06-01'), 3 * year);
  releases.push(await signedAt(successor, at('2025-07-01')));
  await revokeStoredKey(scratch.store, change('2025-08-01'), 'superseded');
  for (const deb of releases) expect(await verified(deb), deb).toMatchObject({ status: 'valid' });
  const keyring = join(scratch.folder, 'published.asc');
  await writeFile(
    keyring,
    `${(await scratch.store.find(key)).armor()}\n${(await scratch.store.find(successor)).armor()}`,
  );
  for (const deb of releases)
    expect((await verifySignatures(deb, await readKeyring(keyring), now))[0]?.status, deb).toBe('valid');
  expect((await readFile(keyring)).length).toBeGreaterThan(0);
});
