import { ByteSource } from '../../archive/byte-source.ts';
import { decompressFrames } from '../../archive/compression.ts';
import { frameSize, inflate } from './inflate.ts';
import { malformed, type ReadAt } from './superblock.ts';
import type { DataBlock, FileContent, SquashfsTree } from './tree.ts';

/** Bytes of all contents together. */
const mostBytes = 2 ** 33;
/** Bytes of all fragments, which are kept in memory. */
const mostFragments = 2 ** 29;

/** Bytes to be read from the disk, and how many they are when decompressed. */
interface Piece extends DataBlock {
  plainSize: number;
}

/**
 * Reads the contents of files, in the order in which they are on the disk, with one process that decompresses.
 *
 * @param wanted what tree.contents has
 * @returns the pieces of one content after the other; `isEnd` with the last of each
 * @throws ProdngError IMAGE, COMPRESSION
 */
export async function* readContents(
  read: ReadAt,
  { superblock, fragments }: SquashfsTree,
  wanted: ReadonlySet<FileContent>,
): AsyncGenerator<{ content: FileContent; bytes: Uint8Array; isEnd: boolean }> {
  const { blockSize } = superblock;
  const list = [...wanted].sort((a, b) => (a.blocks[0]?.offset ?? 0) - (b.blocks[0]?.offset ?? 0));
  if (list.reduce((sum, { size }) => sum + size, 0) > mostBytes) throw malformed('the size of its files');
  const tails = await readFragments(read, fragments, list, blockSize);
  const pieces = list.flatMap(({ size, blocks }) =>
    blocks.map(
      (block, index): Piece => ({ ...block, plainSize: Math.min(blockSize, size - index * blockSize) }),
    ),
  );
  if (pieces.some(({ size }) => size > blockSize)) throw malformed('the size of a block');
  const plain = plainPieces(read, pieces);
  try {
    for (const content of list) {
      const { size, blocks, tail } = content;
      for (const index of blocks.keys()) {
        const { value } = await plain.next();
        if (value === undefined) throw malformed('a file is cut off');
        yield { content, bytes: value, isEnd: tail === undefined && index === blocks.length - 1 };
      }
      if (tail === undefined && blocks.length > 0) continue;
      const length = size - blocks.length * blockSize;
      const start = tail?.offset ?? 0;
      const whole = tail === undefined ? Buffer.alloc(0) : tails.get(tail.fragment);
      const bytes = whole?.subarray(start, start + length);
      if (bytes?.length !== length) throw malformed('the end of a file is not there');
      yield { content, bytes, isEnd: true };
    }
    // what the program has left to say
    await plain.next();
  } finally {
    await plain.return(undefined);
  }
}

/** The fragments that hold ends of these contents, decompressed. */
async function readFragments(
  read: ReadAt,
  fragments: readonly DataBlock[],
  contents: readonly FileContent[],
  blockSize: number,
): Promise<Map<number, Buffer>> {
  const numbers = [...new Set(contents.flatMap(({ tail }) => (tail === undefined ? [] : [tail.fragment])))];
  if (numbers.length * blockSize > mostFragments) throw malformed('the size of its fragments');
  const stored = await Promise.all(
    numbers.map(async (number) => {
      const block = fragments[number];
      if (block === undefined || block.size > blockSize) throw malformed('a fragment');
      const bytes = await read(block.offset, block.size);
      return { number, bytes, plainSize: block.isPacked ? frameSize(bytes) : undefined };
    }),
  );
  const packed = stored.filter(({ plainSize }) => plainSize !== undefined);
  const plain = await inflate(
    packed.map(({ bytes }) => bytes),
    packed.length * blockSize,
  );
  let at = 0;
  return new Map(
    stored.map(({ number, bytes, plainSize }) => {
      if (plainSize === undefined) return [number, bytes];
      const fragment = plain.subarray(at, at + plainSize);
      at += plainSize;
      return [number, fragment];
    }),
  );
}

/** The plain bytes of each piece, in their order. */
async function* plainPieces(read: ReadAt, pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  const packed = pieces.filter(isPacked);
  const inflated = new ByteSource(packed.length === 0 ? nothing() : decompressFrames(stored(read, packed)));
  try {
    for (const piece of pieces) {
      const { offset, size, plainSize } = piece;
      const bytes = isPacked(piece)
        ? await inflated.take(plainSize)
        : size === 0
          ? Buffer.alloc(plainSize)
          : await read(offset, size);
      if (bytes.length !== plainSize) throw malformed('the size of a block');
      yield bytes;
    }
    if ((await inflated.some(1)) !== undefined) throw malformed('a block is longer than it should be');
  } finally {
    await inflated.close();
  }
}

/** A block of size 0 is one of zeros, which is not stored. */
function isPacked({ isPacked: packed, size }: Piece): boolean {
  return packed && size > 0;
}

async function* stored(read: ReadAt, pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const { offset, size } of pieces) yield await read(offset, size);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
