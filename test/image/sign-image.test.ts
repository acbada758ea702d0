import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signImage, stripImage } from '../../src/image/sign-image.ts';
import { openSlot } from '../../src/image/slot.ts';
import { verifySlot } from '../../src/image/verify-slot.ts';
import { readKeyring } from '../../src/sign/keyring.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { run } from '../../src/system/process.ts';
import { makeScratch, makeSigner, type Scratch, writeKeyring } from '../sign/signing.ts';
import { makeSlotImage } from '../support/slot-image.ts';

let scratch: Scratch;
let release: Signer;
let keyring: Awaited<ReturnType<typeof readKeyring>>;
let plain: string;

beforeAll(async () => {
  scratch = await makeScratch();
  release = await makeSigner(scratch.store, 'release');
  keyring = await readKeyring(
    await writeKeyring(scratch.store, join(scratch.folder, 'release.gpg'), [release.fingerprint]),
  );
  plain = join(scratch.folder, 'plain.slot');
  await makeSlotImage(plain, Buffer.alloc(200 * 4096, 'root'));
});
afterAll(() => scratch.remove());

async function resultsOf(path: string): Promise<Record<string, string>> {
  const slot = await openSlot(path);
  try {
    return Object.fromEntries((await verifySlot(slot, keyring)).map(({ name, result }) => [name, result]));
  } finally {
    await slot.close();
  }
}

const whole = { uki: 'passed', 'command-line': 'passed', root: 'passed' };

test('an unsigned image is whole, and has no signature', async () => {
  expect(await resultsOf(plain)).toEqual({ ...whole, signature: 'absent', 'secure-boot': 'absent' });
});

test('both signatures are verified, by sbverify too, and strip off to the unsigned bytes', async () => {
  const [key, certificate, signed, uki, stripped] = [
    'k.pem',
    'c.pem',
    'signed.slot',
    'uki',
    'stripped.slot',
  ].map((name) => join(scratch.folder, name));
  if (!key || !certificate || !signed || !uki || !stripped) throw new Error('five paths');
  const request = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=db'] as const;
  await run([...request, '-keyout', key, '-out', certificate]);
  await signImage(plain, signed, [release], { key, certificate });
  expect(await resultsOf(signed)).toEqual({ ...whole, signature: 'passed', 'secure-boot': 'passed' });
  await (await open(signed, 'r+')).truncate(40 * 2 ** 20);
  await run(['mcopy', '-i', signed, '::/EFI/BOOT/BOOTX64.EFI', uki]);
  await run(['sbverify', '--cert', certificate, uki]);
  await stripImage(signed, stripped);
  expect((await readFile(stripped)).equals(await readFile(plain))).toBe(true);
});

test('a signature by a stranger does not pass', async () => {
  const stranger = await makeSigner(scratch.store, 'stranger');
  const signed = join(scratch.folder, 'stranger.slot');
  await signImage(plain, signed, [stranger]);
  expect(await resultsOf(signed)).toMatchObject({ signature: 'failed' });
});

test('one flipped byte in any part fails the check of that part', async () => {
  const signed = join(scratch.folder, 'flipped.slot');
  await signImage(plain, signed, [release]);
  const { header } = await openSlot(signed).then(async (slot) => {
    await slot.close();
    return slot;
  });
  const places = [
    { offset: header.rootOffset + 77_777, check: 'root' },
    { offset: header.rootOffset + header.dataBlocks * 4096 + 33, check: 'root' },
    { offset: header.uki.offset + header.uki.size - 600, check: 'uki' },
    { offset: header.signature.offset + 60, check: 'signature' },
  ];
  const bytes = await readFile(signed);
  for (const { offset, check } of places) {
    const damaged = join(scratch.folder, 'damaged.slot');
    const file = await open(damaged, 'w');
    const changed = Buffer.from(bytes);
    changed[offset] = (changed[offset] ?? 0) ^ 1;
    await file.writeFile(changed);
    await file.close();
    expect(await resultsOf(damaged), `${check} at ${offset}`).toMatchObject({ [check]: 'failed' });
  }
});
