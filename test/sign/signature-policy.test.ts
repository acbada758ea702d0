import { appendFile, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arPadding, encodeArHeader } from '../../src/archive/ar.ts';
import { openDeb } from '../../src/archive/deb-reader.ts';
import { signDeb } from '../../src/sign/sign-deb.ts';
import { judgeSignatures, readSignaturePolicy } from '../../src/sign/signature-policy.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { verifySignatures } from '../../src/sign/verify-signatures.ts';
import { makeScratch, makeSigner, type Scratch, writeKeyring } from './signing.ts';

let scratch: Scratch;
const signers: Signer[] = [];

beforeAll(async () => {
  scratch = await makeScratch();
  for (const name of ['alice', 'bob', 'carol']) signers.push(await makeSigner(scratch.store, name));
  await writeKeyring(
    scratch.store,
    join(scratch.folder, 'all.gpg'),
    signers.map(({ fingerprint }) => fingerprint),
  );
});
afterAll(() => scratch.remove());

const keys = (): string[] => signers.map(({ fingerprint }) => fingerprint);

async function policy(content: unknown): Promise<string> {
  const file = join(scratch.folder, 'policy.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

async function verdict(require: object[], by: readonly Signer[]) {
  const { keyring, rules } = await readSignaturePolicy(await policy({ keyring: ['all.gpg'], require }));
  const deb = join(scratch.folder, 'judged.deb');
  if (by.length > 0) await signDeb(scratch.deb, { signers: by, output: deb });
  else await copyFile(scratch.deb, deb);
  return judgeSignatures(await verifySignatures(deb, keyring), rules);
}

/** Adds the signature that is there once more, as another tool may: ours refuses to. */
async function signAgain(deb: string): Promise<void> {
  const opened = await openDeb(deb);
  const [signature] = await opened.signatureMembers();
  await opened.close();
  if (signature === undefined) throw new Error('no signature');
  const size = signature.bytes.length;
  await appendFile(
    deb,
    Buffer.concat([encodeArHeader('_gpgmaint', size, 0), signature.bytes, arPadding(size)]),
  );
}

describe('a signature policy', () => {
  it('asks for so many of its keys', async () => {
    const rule = { name: 'review', keys: keys(), atLeast: 2 };
    expect(await verdict([rule], signers.slice(1))).toEqual({ passed: true, findings: [] });
    expect(await verdict([rule], signers.slice(2))).toEqual({
      passed: false,
      findings: ['review: 1 of the 2 signatures it needs'],
    });
    expect((await verdict([rule], [])).passed).toBe(false);
  });

  it('counts a key once, however often it signed', async () => {
    const { keyring, rules } = await readSignaturePolicy(
      await policy({ keyring: ['all.gpg'], require: [{ name: 'review', keys: keys(), atLeast: 2 }] }),
    );
    const deb = join(scratch.folder, 'twice.deb');
    await signDeb(scratch.deb, { signers: signers.slice(0, 1), output: deb });
    await signAgain(deb);
    const signatures = await verifySignatures(deb, keyring);
    expect(signatures.map(({ member, status }) => `${member} ${status}`)).toEqual([
      '_gpgorigin valid',
      '_gpgmaint valid',
    ]);
    expect(judgeSignatures(signatures, rules).passed).toBe(false);
  });

  it('asks for all keys of a rule, and for every rule', async () => {
    const rules = keys().map((key, index) => ({ name: `rule ${index}`, keys: [key] }));
    expect((await verdict(rules, signers)).passed).toBe(true);
    expect((await verdict(rules, signers.slice(0, 2))).findings).toEqual([
      'rule 2: 0 of the 1 signatures it needs',
    ]);
  });

  it('fails for a bad signature whatever other keys signed, and says why an expired one does not count', () => {
    const good = { member: '_gpgorigin', status: 'valid', fingerprint: 'A', message: 'good' } as const;
    const bad = { member: '_gpgmaint', status: 'bad', fingerprint: 'B', message: 'bad one' } as const;
    const late = {
      member: '_gpgmaint',
      status: 'expired',
      fingerprint: 'B',
      message: 'expired one',
    } as const;
    const stranger = { member: '_gpgmaint', status: 'unknown-key', message: 'stranger' } as const;
    const rule = { name: 'a', keys: ['A'], atLeast: 1 };
    expect(judgeSignatures([good, bad], [rule])).toEqual({ passed: false, findings: ['bad one'] });
    expect(judgeSignatures([good, stranger, late], [rule])).toEqual({ passed: true, findings: [] });
    const both = { name: 'both', keys: ['A', 'B'], atLeast: 2 };
    expect(judgeSignatures([good, late], [both]).findings).toEqual([
      'both: 1 of the 2 signatures it needs; expired one',
    ]);
  });

  it.each([
    ['{', 'not JSON'],
    [{ keyring: ['all.gpg'], require: [] }, 'require'],
    [{ keyring: ['all.gpg'], require: [{ name: 'x', keys: ['abc'] }] }, 'not a fingerprint'],
    [{ keyring: ['all.gpg'], require: [{ name: 'x', keys: ['0'.repeat(40)], atLeast: 2 }] }, 'atLeast'],
    [{ keyring: ['all.gpg'], require: [{ name: 'x', keys: ['0'.repeat(40)] }] }, 'in none of its keyrings'],
    [{ keyring: ['all.gpg'], require: [{ name: 'x', keys: ['0'.repeat(40)] }], extra: 1 }, 'extra'],
  ])('that is wrong is refused: %j', async (content, message) => {
    await expect(readSignaturePolicy(await policy(content))).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(message),
    });
  });
});
