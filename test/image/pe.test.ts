import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { appendSections, isSignedPe, peSection, stripPeSignatures } from '../../src/image/pe.ts';
import { run } from '../../src/system/process.ts';

let folder: string;
let stub: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pe-'));
  stub = await readFile('/usr/lib/systemd/boot/efi/linuxx64.efi.stub');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sections = [
  { name: '.osrel', content: Buffer.from('ID=prodng\n') },
  { name: '.linux', content: Buffer.alloc(70_001, 'kernel') },
];

test('objdump and objcopy find the appended sections', async () => {
  const file = join(folder, 'uki.efi');
  await writeFile(file, appendSections(stub, sections));
  const { stdout } = await run(['objdump', '-h', file]);
  expect(stdout).toMatch(/\.osrel/);
  await run(['objcopy', '-O', 'binary', '--only-section=.linux', file, join(folder, 'linux')]);
  expect((await readFile(join(folder, 'linux'))).subarray(0, 70_001)).toEqual(sections[1]?.content);
  expect(peSection(await readFile(file), '.linux')).toEqual(sections[1]?.content);
});

test('a signature by sbsign strips off to the unsigned bytes, and sbverify accepts it before', async () => {
  const unsigned = appendSections(stub, sections);
  const [key, cert, file, signed] = ['k.pem', 'c.pem', 'u.efi', 's.efi'].map((name) => join(folder, name));
  if (key === undefined || cert === undefined || file === undefined || signed === undefined)
    throw new Error();
  const request = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=db'] as const;
  await run([...request, '-keyout', key, '-out', cert]);
  await writeFile(file, unsigned);
  await run(['sbsign', '--key', key, '--cert', cert, '--output', signed, file]);
  await run(['sbverify', '--cert', cert, signed]);
  const bytes = await readFile(signed);
  expect(isSignedPe(bytes)).toBe(true);
  expect(isSignedPe(unsigned)).toBe(false);
  expect(stripPeSignatures(bytes).equals(unsigned)).toBe(true);
});

test('whatever bytes come, parsing ends with a section or an error of ours', () => {
  const damaged = fc
    .array(fc.tuple(fc.nat({ max: 1023 }), fc.nat({ max: 255 })), { maxLength: 8 })
    .map((changes) => {
      const bytes = Buffer.from(stub);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const any = fc.oneof(
    damaged,
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(any, (bytes) => {
      for (const work of [() => stripPeSignatures(bytes), () => appendSections(bytes, sections)])
        try {
          work();
        } catch (error) {
          expect(error).toBeInstanceOf(ProdngError);
        }
    }),
    { numRuns: 500 },
  );
});
