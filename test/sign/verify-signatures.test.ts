import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arPadding, encodeArHeader } from '../../src/archive/ar.ts';
import { signDetached } from '../../src/sign/detached.ts';
import { readKeyring } from '../../src/sign/keyring.ts';
import { signDeb } from '../../src/sign/sign-deb.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { verifyDetached, verifyEach, verifySignatures } from '../../src/sign/verify-signatures.ts';
import { run } from '../../src/system/process.ts';
import { makeSigningKey } from '../support/signing-key.ts';
import { expiredSigner, makeDeb, makeScratch, makeSigner, type Scratch } from './signing.ts';

let scratch: Scratch;
let release: Signer;
let review: Signer;

beforeAll(async () => {
  scratch = await makeScratch();
  release = await makeSigner(scratch.store, 'release');
  review = await makeSigner(scratch.store, 'review');
});
afterAll(() => scratch.remove());

async function signed(name: string, ...signers: Signer[]): Promise<string> {
  const output = join(scratch.folder, name);
  await signDeb(scratch.deb, { signers, output });
  return output;
}

async function append(deb: string, member: string, content: Uint8Array): Promise<void> {
  await appendFile(
    deb,
    Buffer.concat([encodeArHeader(member, content.length, 0), content, arPadding(content.length)]),
  );
}

async function signatureOf(deb: string): Promise<Buffer> {
  await run(['ar', 'x', '--output', scratch.folder, deb, '_gpgorigin']);
  return await readFile(join(scratch.folder, '_gpgorigin'));
}

describe('verifySignatures', () => {
  it('reports nothing for an unsigned .deb', async () => {
    expect(await verifySignatures(scratch.deb, await scratch.store.publicKeys())).toEqual([]);
  });

  it('reports who signed', async () => {
    const reports = await verifySignatures(
      await signed('two.deb', release, review),
      await scratch.store.publicKeys(),
    );
    expect(reports).toEqual([
      {
        member: '_gpgorigin',
        status: 'valid',
        keyId: release.fingerprint.slice(-16),
        fingerprint: release.fingerprint,
        signer: 'release <release@example.org>',
        made: Date.parse('2025-03-01T12:00:00Z') / 1000,
        keyNow: 'valid',
        message: `_gpgorigin is signed by release <release@example.org> (${release.fingerprint})`,
      },
      expect.objectContaining({ member: '_gpgmaint', status: 'valid', fingerprint: review.fingerprint }),
    ]);
  });

  it('names a key that is not in the keyring', async () => {
    const keyring = [await scratch.store.find(review.fingerprint)];
    const [report] = await verifySignatures(await signed('unknown.deb', release), keyring);
    expect(report).toMatchObject({ status: 'unknown-key', keyId: release.fingerprint.slice(-16) });
    expect(report?.message).toContain('which is not in the keyring');
  });

  it('reports a signature over other bytes', async () => {
    const other = await makeDeb(scratch.folder, 'other', 'something else\n');
    await signDeb(other, { signers: [release] });
    const deb = join(scratch.folder, 'moved.deb');
    await copyFile(scratch.deb, deb);
    await append(deb, '_gpgorigin', await signatureOf(other));
    const [report] = await verifySignatures(deb, await scratch.store.publicKeys());
    expect(report?.status).toBe('bad');
    expect(report?.message).toMatch(/^_gpgorigin claims to be signed by release .*other bytes$/);
  });

  it('reports which of two signatures is bad', async () => {
    const other = await makeDeb(scratch.folder, 'second', 'something else\n');
    await signDeb(other, { signers: [review] });
    const deb = await signed('half.deb', release);
    await append(deb, '_gpgmaint', await signatureOf(other));
    const reports = await verifySignatures(deb, await scratch.store.publicKeys());
    expect(reports.map(({ member, status }) => [member, status])).toEqual([
      ['_gpgorigin', 'valid'],
      ['_gpgmaint', 'bad'],
    ]);
  });

  it('reports every signature of a member that holds several', async () => {
    const deb = join(scratch.folder, 'joined.deb');
    await copyFile(scratch.deb, deb);
    const one = await signatureOf(await signed('x.deb', release));
    const other = await signatureOf(await signed('y.deb', review));
    await append(deb, '_gpgorigin', Buffer.concat([one, other]));
    const reports = await verifySignatures(deb, await scratch.store.publicKeys());
    expect(reports.map(({ status, fingerprint }) => [status, fingerprint])).toEqual([
      ['valid', release.fingerprint],
      ['valid', review.fingerprint],
    ]);
  });

  it('takes a signature by a key that has expired since, and says so', async () => {
    const deb = await signed('expired.deb', await expiredSigner(scratch.store, 'old'));
    const [report] = await verifySignatures(deb, await scratch.store.publicKeys());
    expect(report).toMatchObject({ status: 'valid', keyNow: 'expired' });
    expect(report?.message).toContain('the key has expired since');
    const then = new Date('2020-01-01T12:00:00Z');
    expect((await verifySignatures(deb, await scratch.store.publicKeys(), then))[0]?.keyNow).toBe('valid');
  });

  it('does not believe a signature that is dated ahead of the clock', async () => {
    const [report] = await verifySignatures(
      await signed('early.deb', release),
      await scratch.store.publicKeys(),
      new Date('2025-03-01T11:54:59Z'),
    );
    expect([report?.status, report?.message]).toEqual(['bad', expect.stringContaining('ahead of the clock')]);
  });

  it('reports a revoked key', async () => {
    const lost = await makeSigner(scratch.store, 'lost');
    const deb = await signed('revoked.deb', lost);
    const certificate = join(scratch.store.folder, `${lost.fingerprint}.revocation.asc`);
    const { importKeys } = await import('../../src/sign/import-keys.ts');
    await importKeys(scratch.store, await readFile(certificate), certificate);
    const [report] = await verifySignatures(deb, await scratch.store.publicKeys());
    expect(report?.status).toBe('revoked');
    expect(report?.message).toContain('the key is revoked');
  });

  it('refuses a member after the signature, and another member in its place', async () => {
    for (const name of ['data.tar', 'readme', '_gpg0']) {
      const deb = await signed(`after-${name}.deb`, release);
      await append(deb, name, Buffer.from('x'));
      await expect(verifySignatures(deb, [])).rejects.toThrow(`unexpected member ${name}`);
    }
  });

  it('refuses bytes after the last member', async () => {
    const deb = await signed('tail.deb', release);
    await appendFile(deb, 'tail');
    await expect(verifySignatures(deb, [])).rejects.toMatchObject({ code: 'AR_FORMAT' });
  });

  it('says when a signature is none, and never throws for foreign bytes', async () => {
    const keyring = await scratch.store.publicKeys();
    const good = await signatureOf(await signed('fuzz.deb', release));
    const deb = await readFile(scratch.deb);
    const check = async (bytes: Uint8Array) =>
      await verifyEach(
        '_gpgorigin',
        bytes,
        async function* () {
          yield deb;
        },
        keyring,
        new Date(),
      );
    expect((await check(Buffer.from('no signature')))[0]?.status).toBe('unreadable');
    expect((await check(Buffer.alloc(0)))[0]?.status).toBe('unreadable');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        const reports = await check(bytes);
        expect(reports.length).toBeGreaterThan(0);
        expect(reports.map(({ status }) => status)).not.toContain('valid');
      }),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect((await check(bytes)).map(({ status }) => status)).not.toContain('valid');
      }),
      { numRuns: 150 },
    );
  });
});

describe('verifyDetached', () => {
  it('verifies a detached signature of two signers against the signed .deb', async () => {
    const deb = await signed('detached.deb', release);
    const file = await signDetached(deb, [release, review]);
    const keyring = await scratch.store.publicKeys();
    const reports = await verifyDetached(deb, 'detached.deb.asc', await readFile(file), keyring);
    expect(reports.map(({ status }) => status)).toEqual(['valid', 'valid']);
    const other = await makeDeb(scratch.folder, 'third', 'other\n');
    const [report] = await verifyDetached(other, 'detached.deb.asc', await readFile(file), keyring);
    expect(report?.message).toContain('a signature over other bytes');
  });
});

describe('a keyring', () => {
  it('is read as gpg exports it, armoured or concatenated', async () => {
    const key = await makeSigningKey('gnupg');
    try {
      const file = join(scratch.folder, 'gnupg.asc');
      const ours = await scratch.store.find(release.fingerprint);
      await writeFile(file, key.armor + ours.armor());
      const keys = await readKeyring(file);
      expect(keys.flatMap((item) => item.getUserIDs())).toEqual([
        'gnupg <gnupg@example.org>',
        'release <release@example.org>',
      ]);
    } finally {
      await key.remove();
    }
  });

  it('that is junk or missing is refused by its name', async () => {
    const junk = join(scratch.folder, 'junk.gpg');
    await writeFile(junk, 'junk');
    await expect(readKeyring(junk)).rejects.toThrow(`${junk}: no OpenPGP keys can be read from it`);
    await expect(readKeyring(join(scratch.folder, 'none.gpg'))).rejects.toMatchObject({ code: 'IO' });
  });
});
