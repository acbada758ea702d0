import { createHash } from 'node:crypto';
import { ProdngError } from '../error/prodng-error.ts';

/** Bytes of a block of data and of the tree: what every kernel's page size allows. */
export const verityBlock = 4096;

const digestSize = 32;
const hashesPerBlock = verityBlock / digestSize;

export interface VerityTree {
  /** 64 lower-case hex digits. */
  rootHash: string;
  dataBlocks: number;
  /** Whole blocks, the topmost level first, as the kernel expects them behind the data. */
  tree: Buffer;
}

/**
 * Computes the hash tree of a device for dm-verity, format 1 without salt and superblock
 * (Documentation/admin-guide/device-mapper/verity.rst): each block of a level holds the SHA-256 of 128 below it.
 *
 * @param data chunks of the whole device, whose length is a multiple of `verityBlock`
 * @throws ProdngError INTERNAL for no data or part of a block
 */
export async function verityTree(data: AsyncIterable<Uint8Array>): Promise<VerityTree> {
  const digests: Buffer[] = [];
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const chunk of data) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + verityBlock <= bytes.length; at += verityBlock)
      digests.push(sha256(bytes.subarray(at, at + verityBlock)));
    rest = bytes.subarray(at);
  }
  if (rest.length > 0 || digests.length === 0)
    throw new ProdngError('INTERNAL', `dm-verity: ${digests.length} blocks and ${rest.length} bytes`);
  const dataBlocks = digests.length;
  const levels: Buffer[] = [];
  let level: Buffer[] = digests;
  do {
    const blocks = inBlocks(level);
    levels.unshift(blocks);
    level = [];
    for (let at = 0; at < blocks.length; at += verityBlock)
      level.push(sha256(blocks.subarray(at, at + verityBlock)));
  } while (level.length > 1);
  return { rootHash: (level[0] ?? Buffer.alloc(0)).toString('hex'), dataBlocks, tree: Buffer.concat(levels) };
}

function inBlocks(digests: readonly Buffer[]): Buffer {
  const blocks = Buffer.alloc(Math.ceil(digests.length / hashesPerBlock) * verityBlock);
  for (const [index, digest] of digests.entries()) digest.copy(blocks, index * digestSize);
  return blocks;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
