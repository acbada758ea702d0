import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clearsignFile, unsignedText } from '../../src/sign/clearsign.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { run } from '../../src/system/process.ts';
import { makeScratch, makeSigner, type Scratch, writeKeyring } from './signing.ts';

let scratch: Scratch;
let release: Signer;
let keyring: string;

beforeAll(async () => {
  scratch = await makeScratch();
  release = await makeSigner(scratch.store, 'release');
  keyring = await writeKeyring(scratch.store, join(scratch.folder, 'keyring.gpg'), [release.fingerprint]);
});
afterAll(() => scratch.remove());

const text = 'Format: 1.8\nChanges:\n - a dash\n .\n Zoë\n-----a line of dashes\n';

it('is verified by gpgv and sqv, and gives back the text', async () => {
  const file = join(scratch.folder, 'a.changes');
  await writeFile(file, text);
  await clearsignFile(file, release);
  const gpgv = await run(['gpgv', '--keyring', keyring, '--output', '-', file]);
  expect(gpgv.stderr).toContain('Good signature from "release <release@example.org>"');
  expect(`${gpgv.stdout}\n`).toBe(text);
  expect(unsignedText(await readFile(file, 'utf8'))).toBe(text);
});

it('a second signature takes the place of the first', async () => {
  const file = join(scratch.folder, 'b.buildinfo');
  await writeFile(file, text);
  await clearsignFile(file, release);
  const once = await readFile(file, 'utf8');
  await clearsignFile(file, release);
  expect(await readFile(file, 'utf8')).toBe(once);
});
