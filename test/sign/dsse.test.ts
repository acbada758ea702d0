import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTotoType, preAuthEncoding, signStatement } from '../../src/sign/dsse.ts';
import { exportedKey } from '../../src/sign/export-key.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { openEnvelope } from '../../src/sign/verify-envelope.ts';
import { run } from '../../src/system/process.ts';
import { makeScratch, makeSigner, type Scratch } from './signing.ts';

let scratch: Scratch;
let release: Signer;
let openPgpOnly: Signer;
const statement = '{"_type":"https://in-toto.io/Statement/v1"}\n';

beforeAll(async () => {
  scratch = await makeScratch();
  release = await makeSigner(scratch.store, 'release');
  openPgpOnly = { ...(await makeSigner(scratch.store, 'token')), plain: () => Promise.resolve(undefined) };
});
afterAll(() => scratch.remove());

interface Line {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
}

describe('a DSSE envelope', () => {
  it("encodes as DSSE's own example", () => {
    const encoded = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(encoded.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  it('is verified by openssl with the exported PEM key', async () => {
    const line = JSON.parse(await signStatement(statement, [release])) as Line;
    const pem = join(scratch.folder, 'key.pem');
    const signature = join(scratch.folder, 'dsse.sig');
    const signed = join(scratch.folder, 'dsse.bin');
    await writeFile(pem, await exportedKey(scratch.store, release.fingerprint, 'pem'));
    await writeFile(signature, Buffer.from(line.signatures[0]?.sig ?? '', 'base64'));
    await writeFile(signed, preAuthEncoding(line.payloadType, Buffer.from(line.payload, 'base64')));
    const argv = ['openssl', 'pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', pem] as const;
    const { stdout } = await run([...argv, '-in', signed, '-sigfile', signature]);
    expect(stdout).toContain('Signature Verified Successfully');
  });

  it('gives back the statement, and who signed it by either kind of signature', async () => {
    const text = await signStatement(statement, [release, openPgpOnly]);
    const opened = await openEnvelope(text, 'hello.intoto.jsonl', await scratch.store.publicKeys());
    expect(opened.payloadType).toBe(inTotoType);
    expect(opened.payload.toString()).toBe(statement);
    expect(opened.reports.map(({ status, fingerprint }) => [status, fingerprint])).toEqual([
      ['valid', release.fingerprint],
      ['valid', openPgpOnly.fingerprint],
    ]);
  });

  it('is the same bytes every time', async () => {
    expect(await signStatement(statement, [release])).toBe(await signStatement(statement, [release]));
  });

  it('detects a changed statement, a changed type, a changed signer and an unknown one', async () => {
    const line = JSON.parse(await signStatement(statement, [release, openPgpOnly])) as Line;
    const keyring = await scratch.store.publicKeys();
    const judge = async (change: Partial<Line>) => {
      const { reports } = await openEnvelope(JSON.stringify({ ...line, ...change }), 'x', keyring);
      return reports.map(({ status }) => status);
    };
    expect(await judge({ payload: Buffer.from('{}').toString('base64') })).toEqual(['bad', 'bad']);
    expect(await judge({ payloadType: 'text/plain' })).toEqual(['bad', 'bad']);
    const [first] = line.signatures;
    const sig = first?.sig ?? '';
    expect(await judge({ signatures: [{ keyid: openPgpOnly.fingerprint, sig }] })).toEqual(['bad']);
    expect(await judge({ signatures: [{ keyid: 'F'.repeat(40), sig }] })).toEqual(['unknown-key']);
  });

  it.each(['', '{}', '[]', '{"payload":"","payloadType":"x","signatures":[]}'])(
    '%s is none',
    async (text) => {
      await expect(openEnvelope(text, 'x.jsonl', [])).rejects.toThrow('x.jsonl: no DSSE envelope');
    },
  );
});
