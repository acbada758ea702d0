import { inflate } from './inflate.ts';
import { malformed, offsetAt, type ReadAt, type Superblock } from './superblock.ts';

/** Bytes of a block of metadata before compression; only the last block of a table is shorter. */
const blockSize = 8192;
/** Bytes of one table of metadata before compression. */
const mostBytes = 2 ** 28;

/** A table of metadata, decompressed. */
export class MetadataTable {
  readonly #bytes: Buffer;
  /** From a block's offset in the compressed table to its number. */
  readonly #blocks: ReadonlyMap<number, number>;

  constructor(bytes: Buffer, blocks: ReadonlyMap<number, number>) {
    this.#bytes = bytes;
    this.#blocks = blocks;
  }

  /** The table from a place on, to its end. @throws ProdngError IMAGE when there is no such place */
  from(block: number, offset: number): Buffer {
    const number = this.#blocks.get(block);
    if (number === undefined) throw malformed('it refers to metadata that is not there');
    return this.#bytes.subarray(number * blockSize + offset);
  }
}

/** Reads the blocks of metadata between two offsets. @throws ProdngError IMAGE, COMPRESSION */
export async function readTable(read: ReadAt, start: number, end: number): Promise<MetadataTable> {
  const blocks = new Map<number, number>();
  const pieces: { isPacked: boolean; bytes: Buffer }[] = [];
  if (end < start || end - start > mostBytes) throw malformed('the size of a table');
  const all = await read(start, end - start);
  for (let at = 0; at + 2 <= all.length; ) {
    const head = all.readUInt16LE(at);
    const size = head & 0x7fff;
    if (size === 0 || size > blockSize || at + 2 + size > all.length) throw malformed('a block of metadata');
    blocks.set(at, pieces.length);
    pieces.push({ isPacked: (head & 0x8000) === 0, bytes: all.subarray(at + 2, at + 2 + size) });
    at += 2 + size;
  }
  if (pieces.length * blockSize > mostBytes) throw malformed('the size of a table');
  const packed = pieces.filter(({ isPacked }) => isPacked).map(({ bytes }) => bytes);
  const plain = await inflate(packed, packed.length * blockSize);
  const table: Buffer[] = [];
  let at = 0;
  for (const [index, { isPacked, bytes }] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    const block = isPacked ? plain.subarray(at, at + blockSize) : bytes;
    if (isPacked) at += block.length;
    if (!isLast && block.length !== blockSize) throw malformed('a short block of metadata');
    table.push(block);
  }
  return new MetadataTable(Buffer.concat(table), blocks);
}

/**
 * Reads a table of entries that an index of block offsets leads to: of ids, of fragments.
 *
 * @param index where the index is
 * @param count of entries
 * @param size bytes of an entry
 */
export async function readIndexed(
  read: ReadAt,
  index: number,
  count: number,
  size: number,
): Promise<{ entries: Buffer; first: number }> {
  if (count === 0) return { entries: Buffer.alloc(0), first: index };
  if (count * size > mostBytes) throw malformed('the size of a table');
  const blocks = Math.ceil((count * size) / blockSize);
  const offsets = await read(index, blocks * 8);
  const first = offsetAt(offsets, 0);
  const table = await readTable(read, first, index);
  const entries = table.from(0, 0).subarray(0, count * size);
  if (entries.length !== count * size) throw malformed('a table is cut off');
  return { entries, first };
}

/**
 * Where the table of directories ends: at the first block of the next table.
 *
 * @param fragments where the blocks of the table of fragments begin
 */
export async function directoryEnd(
  read: ReadAt,
  { directoryTable, indexedTables, size }: Superblock,
  fragments: number,
): Promise<number> {
  const firsts = [fragments, size];
  // each begins with the offset of its first block
  for (const index of indexedTables) firsts.push(offsetAt(await read(index, 8), 0));
  return Math.min(...firsts.filter((offset) => offset > directoryTable));
}
