import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signDetached } from '../../src/sign/detached.ts';
import { signDeb } from '../../src/sign/sign-deb.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { stripSignature } from '../../src/sign/strip-signature.ts';
import { run } from '../../src/system/process.ts';
import { debsigRoot, debsigVerify } from './debsig-verify.ts';
import { makeScratch, makeSigner, type Scratch, signedContents, writeKeyring } from './signing.ts';

let scratch: Scratch;
let release: Signer;
let review: Signer;

beforeAll(async () => {
  scratch = await makeScratch();
  release = await makeSigner(scratch.store, 'release');
  review = await makeSigner(scratch.store, 'review');
});
afterAll(() => scratch.remove());

async function signed(name: string, signers: readonly Signer[]): Promise<string> {
  const output = join(scratch.folder, name);
  await signDeb(scratch.deb, { signers, output });
  return output;
}

describe('a signed .deb', () => {
  it('is accepted by debsig-verify', async () => {
    const deb = await signed('one.deb', [release]);
    const root = await debsigRoot(join(scratch.folder, 'one'), scratch.store, {
      origin: release.fingerprint,
    });
    const { exitCode, stdout, stderr } = await debsigVerify(root, deb);
    expect(stdout + stderr).toContain('Verified package from');
    expect(exitCode).toBe(0);
  });

  it('is accepted by debsig-verify with each of two signers required', async () => {
    const deb = await signed('two.deb', [release, review]);
    const required = { origin: release.fingerprint, maint: review.fingerprint };
    const root = await debsigRoot(join(scratch.folder, 'two'), scratch.store, required);
    expect((await debsigVerify(root, deb)).exitCode).toBe(0);
    const alone = await signed('alone.deb', [release]);
    expect((await debsigVerify(root, alone)).exitCode).not.toBe(0);
  });

  it('does not get past debsig-verify once a byte of it is changed', async () => {
    const deb = await signed('changed.deb', [release]);
    const bytes = await readFile(deb);
    // the last byte of data.tar.xz
    const at = (await readFile(scratch.deb)).length - 3;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(deb, bytes);
    const root = await debsigRoot(join(scratch.folder, 'bad'), scratch.store, {
      origin: release.fingerprint,
    });
    expect((await debsigVerify(root, deb)).exitCode).not.toBe(0);
  });

  it('has a signature that gpgv and sqv verify over its three members', async () => {
    const deb = await signed('members.deb', [release]);
    const signature = join(scratch.folder, 'members.sig');
    const contents = join(scratch.folder, 'members.bin');
    const { exitCode } = await run(['ar', 'x', '--output', scratch.folder, deb, '_gpgorigin']);
    expect(exitCode).toBe(0);
    await writeFile(signature, await readFile(join(scratch.folder, '_gpgorigin')));
    await writeFile(contents, await signedContents(deb));
    await judged(signature, contents);
  });

  it('stays a package that dpkg-deb reads as before', async () => {
    const deb = await signed('dpkg.deb', [release, review]);
    for (const option of ['-I', '-c'])
      expect((await run(['dpkg-deb', option, deb])).stdout.replace(/size \d+ bytes/, '')).toBe(
        (await run(['dpkg-deb', option, scratch.deb])).stdout.replace(/size \d+ bytes/, ''),
      );
  });

  it('is the same bytes for the same date', async () => {
    expect(await readFile(await signed('a.deb', [release]))).toEqual(
      await readFile(await signed('b.deb', [release])),
    );
  });

  it('takes a further signer later, and then no second one of a type', async () => {
    const deb = await signed('later.deb', [release]);
    expect(await signDeb(deb, { signers: [review] })).toEqual([
      { member: '_gpgmaint', fingerprint: review.fingerprint, userId: review.userId },
    ]);
    await expect(signDeb(deb, { signers: [release], type: 'maint' })).rejects.toThrow(
      'there is a _gpgmaint already',
    );
    const root = await debsigRoot(join(scratch.folder, 'later'), scratch.store, {
      origin: release.fingerprint,
      maint: review.fingerprint,
    });
    expect((await debsigVerify(root, deb)).exitCode).toBe(0);
  });

  it('takes one signature of a key, and stays as it was when asked for another', async () => {
    const deb = await signed('once.deb', [release]);
    const before = await readFile(deb);
    await expect(signDeb(deb, { signers: [review, release] })).rejects.toThrow(
      `${release.userId} (${release.fingerprint}) has signed it already: _gpgorigin`,
    );
    await expect(signDeb(scratch.deb, { signers: [review, review] })).rejects.toThrow(
      'has signed it already: _gpgorigin',
    );
    expect(await readFile(deb)).toEqual(before);
  });

  it('keeps its permission bits', async () => {
    const deb = await signed('mode.deb', [release]);
    expect((await stat(deb)).mode).toBe((await stat(scratch.deb)).mode);
  });
});

describe('stripping', () => {
  it('gives back the unsigned bytes, in place or beside', async () => {
    const before = await readFile(scratch.deb);
    const deb = await signed('strip.deb', [release, review]);
    expect(await readFile(deb)).not.toEqual(before);
    const beside = join(scratch.folder, 'beside.deb');
    const { removed } = await stripSignature(deb, beside);
    expect(removed).toEqual(['_gpgorigin', '_gpgmaint']);
    expect(await readFile(beside)).toEqual(before);
    await stripSignature(deb);
    expect(await readFile(deb)).toEqual(before);
  });
});

describe('a detached signature', () => {
  it('is of the unsigned bytes, also of a .deb that has signatures, and gpgv and sqv verify it', async () => {
    const deb = await signed('detached.deb', [release]);
    await judged(await signDetached(deb, [release]), scratch.deb);
  });
});

async function judged(signature: string, file: string): Promise<void> {
  const keyring = await writeKeyring(scratch.store, join(scratch.folder, 'keyring.gpg'), [
    release.fingerprint,
  ]);
  const gpgv = await run(['gpgv', '--keyring', keyring, signature, file]);
  expect(gpgv.stderr).toContain('Good signature from "release <release@example.org>"');
  const sqv = await run(['sqv', '--keyring', keyring, signature, file]);
  expect(sqv.stdout.trim()).toBe(release.fingerprint);
}
