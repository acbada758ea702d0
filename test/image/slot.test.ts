import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { layOutFat } from '../../src/image/fat.ts';
import { formatManifest, type ImageManifest } from '../../src/image/manifest.ts';
import { openSlot, type SlotParts, writeSlot } from '../../src/image/slot.ts';
import { formatSlotHeader, parseSlotHeader } from '../../src/image/slot-header.ts';
import { run } from '../../src/system/process.ts';

const digest = 'ab'.repeat(32);
const manifest: ImageManifest = {
  format: 1,
  name: 'host',
  version: '1.0',
  architecture: 'amd64',
  date: 1_700_000_000,
  debug: false,
  slotSize: 40 * 2 ** 20,
  kernel: { package: 'linux', version: '6.1', release: '6.1.0', commandLine: 'quiet' },
  root: { hash: digest, dataBlocks: 300, hashBlocks: 4, bytes: 1, files: 1 },
  uki: { size: 70_000, sha256: digest },
  initrd: { size: 1, sha256: digest },
  source: { image: digest, lock: digest },
  packages: [],
};

let folder: string;
const root = randomBytes(304 * 4096);
const uki = randomBytes(70_000);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slot-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function parts(changes: Partial<SlotParts> = {}): SlotParts {
  return {
    slotSize: manifest.slotSize,
    date: manifest.date,
    root: { hash: digest, dataBlocks: 300, hashBlocks: 4 },
    rootBytes: async function* () {
      yield root;
    },
    manifest: Buffer.from(formatManifest(manifest)),
    signature: Buffer.alloc(0),
    uki,
    ...changes,
  };
}

describe('a slot image', () => {
  test('is a FAT32 file system that fsck.fat accepts and mtools read', async () => {
    const file = join(folder, 'whole.img');
    await writeSlot(file, parts());
    await truncate(file, manifest.slotSize);
    await run(['fsck.fat', '-n', file]);
    await run(['mcopy', '-i', file, '::/EFI/BOOT/BOOTX64.EFI', join(folder, 'uki')]);
    expect((await readFile(join(folder, 'uki'))).equals(uki)).toBe(true);
    await run(['mcopy', '-i', file, '::/PRODNG/ROOT.IMG', join(folder, 'root')]);
    expect((await readFile(join(folder, 'root'))).equals(root)).toBe(true);
  });

  test('reads back as what it was written from', async () => {
    const file = join(folder, 'read.img');
    await writeSlot(file, parts({ signature: Buffer.from('signed') }));
    const slot = await openSlot(file);
    expect(slot.manifest).toEqual(manifest);
    expect(slot.signature.toString()).toBe('signed');
    expect(slot.uki.equals(uki)).toBe(true);
    const pieces: Uint8Array[] = [];
    for await (const piece of slot.rootBytes()) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(root)).toBe(true);
    await slot.close();
  });

  test('has the same bytes each time', async () => {
    const written = [
      await writeSlot(join(folder, '1'), parts()),
      await writeSlot(join(folder, '2'), parts()),
    ];
    expect(written[0]).toEqual(written[1]);
    expect((await readFile(join(folder, '1'))).equals(await readFile(join(folder, '2')))).toBe(true);
  });

  test('that does not fit its slot is refused, and leaves no file', async () => {
    const tooLarge = parts({ uki: Buffer.alloc(40 * 2 ** 20) });
    await expect(writeSlot(join(folder, 'large'), tooLarge)).rejects.toMatchObject({ code: 'IMAGE' });
    await expect(readFile(join(folder, 'large'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that is cut off anywhere is refused', async () => {
    const file = join(folder, 'cut.img');
    const { size } = await writeSlot(file, parts());
    const whole = await readFile(file);
    for (const length of [0, 4095, 4096, 4600, size - uki.length]) {
      await writeFile(file, whole.subarray(0, length));
      await expect(openSlot(file)).rejects.toMatchObject({ code: 'IMAGE' });
    }
  });
});

test('a header of any bytes parses to ranges in order, or is refused', () => {
  const good = formatSlotHeader({
    rootHash: digest,
    rootOffset: 8192,
    dataBlocks: 1,
    hashBlocks: 1,
    manifest: { offset: 16_384, size: 5 },
    signature: { offset: 0, size: 0 },
    uki: { offset: 20_480, size: 10 },
    end: 20_992,
  });
  expect(parseSlotHeader(good, 'x').uki).toEqual({ offset: 20_480, size: 10 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 119 }), fc.nat({ max: 255 })), { maxLength: 6 }),
      (changes) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const header = parseSlotHeader(bytes, 'x');
          expect(header.uki.offset + header.uki.size).toBeLessThanOrEqual(header.end);
          expect(header.manifest.offset).toBeGreaterThanOrEqual(
            header.rootOffset + (header.dataBlocks + header.hashBlocks) * 4096,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(ProdngError);
        }
      },
    ),
  );
});

test('a slot too small for FAT32 is refused', () => {
  expect(() => layOutFat(8 * 2 ** 20, [], 1, 0)).toThrow(/too small for FAT32/);
});
