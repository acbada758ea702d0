import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verityBlock, verityTree } from '../../src/image/verity.ts';
import { run } from '../../src/system/process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As chunks that end within blocks. */
async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function veritysetup(data: Buffer, tree: Buffer, rootHash: string) {
  const file = join(folder, 'device');
  await writeFile(file, Buffer.concat([data, tree]));
  return await run(
    [
      'veritysetup',
      'verify',
      '--no-superblock',
      '--salt=-',
      `--data-blocks=${data.length / verityBlock}`,
      `--hash-offset=${data.length}`,
      file,
      file,
      rootHash,
    ],
    { accept: [0, 2] },
  );
}

test.each([2, 127, 128, 129, 16_385])('veritysetup accepts the tree of %i blocks', async (blocks) => {
  const data = randomBytes(blocks * verityBlock);
  const { rootHash, dataBlocks, tree } = await verityTree(chunksOf(data, 100_000));
  expect(dataBlocks).toBe(blocks);
  expect((await veritysetup(data, tree, rootHash)).exitCode).toBe(0);
});

test('veritysetup refuses the data with one bit flipped', async () => {
  const data = randomBytes(300 * verityBlock);
  const { rootHash, tree } = await verityTree(chunksOf(data, data.length));
  data[200 * verityBlock + 17] = (data[200 * verityBlock + 17] ?? 0) ^ 1;
  expect((await veritysetup(data, tree, rootHash)).exitCode).toBe(2);
});

test('part of a block is refused', async () => {
  await expect(verityTree(chunksOf(Buffer.alloc(5000), 5000))).rejects.toMatchObject({ code: 'INTERNAL' });
});
