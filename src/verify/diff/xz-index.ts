import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { readAt } from '../../archive/ar.ts';
import { type DecompressOptions, decompress } from '../../archive/compression.ts';
import { mostPlain } from '../../archive/deb-reader.ts';
import { encodeXzEnd, roundUp, type XzRecord, xzHeader } from '../../archive/xz-format.ts';
import { ProdngError } from '../../error/prodng-error.ts';

/** A block of an xz stream in a file. */
export interface IndexedBlock extends XzRecord {
  /** Where it begins in the file, in bytes, and its size there with its padding. */
  fileOffset: number;
  fileSize: number;
  /** Where its plain bytes begin in the plain stream. */
  plainOffset: number;
}

/** The data.tar.xz of a .deb block by block. */
export interface BlockedData {
  file: FileHandle;
  blocks: readonly IndexedBlock[];
}

const FOOTER = 12;
const mostBlocks = 100_000;
const mostIndex = mostBlocks * 10;

/**
 * Reads the index of an xz stream, ".xz File Format" 1.2, section 4, so that single blocks can be decompressed.
 *
 * @param offset where the stream begins in the file, `size` how long it is; both in bytes
 * @returns undefined for whatever is not one stream with CRC32 and an index as prodng writes it: it is then read whole
 */
export async function readXzIndex(
  file: FileHandle,
  offset: number,
  size: number,
): Promise<IndexedBlock[] | undefined> {
  if (size < xzHeader.length + FOOTER) return undefined;
  if (!(await readAt(file, offset, xzHeader.length)).equals(xzHeader)) return undefined;
  const footer = await readAt(file, offset + size - FOOTER, FOOTER);
  const indexSize = (footer.readUInt32LE(4) + 1) * 4;
  const indexAt = offset + size - FOOTER - indexSize;
  if (indexSize > mostIndex || indexAt < offset + xzHeader.length) return undefined;
  const index = await readAt(file, indexAt, indexSize);
  const records = parseRecords(index);
  // what it is not written back as byte for byte has a second reading
  if (records === undefined || !encodeXzEnd(records).equals(Buffer.concat([index, footer]))) return undefined;
  const blocks: IndexedBlock[] = [];
  let fileOffset = offset + xzHeader.length;
  let plainOffset = 0;
  for (const record of records) {
    const fileSize = roundUp(record.unpaddedSize);
    blocks.push({ ...record, fileOffset, fileSize, plainOffset });
    fileOffset += fileSize;
    plainOffset += record.plainSize;
  }
  // what promises to unpack to more than a .deb may is left to the reader that refuses it
  const most = mostPlain(size);
  return fileOffset === indexAt && plainOffset <= most ? blocks : undefined;
}

function parseRecords(index: Buffer): XzRecord[] | undefined {
  let at = 1;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 128 ** 6; factor *= 128) {
      const byte = index[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  const count = number();
  if (index[0] !== 0 || !(count <= mostBlocks)) return undefined;
  const records: XzRecord[] = [];
  for (let done = 0; done < count; done += 1) {
    const record = { unpaddedSize: number(), plainSize: number() };
    if (Number.isNaN(record.unpaddedSize) || Number.isNaN(record.plainSize)) return undefined;
    records.push(record);
  }
  return records;
}

/**
 * The digest of each block in the file, and of what the index says about it: equal ones have equal plain
 * bytes, and are as sound.
 */
export async function blockDigests({ file, blocks }: BlockedData): Promise<string[]> {
  const digests: string[] = [];
  for (const { fileOffset, fileSize, unpaddedSize, plainSize } of blocks) {
    const hash = createHash('sha256').update(`${unpaddedSize} ${plainSize}\n`);
    for (let done = 0; done < fileSize; ) {
      const piece = await readAt(file, fileOffset + done, Math.min(4 * 2 ** 20, fileSize - done));
      if (piece.length === 0) break;
      hash.update(piece);
      done += piece.length;
    }
    digests.push(hash.digest('hex'));
  }
  return digests;
}

/**
 * The plain bytes of some neighbouring blocks.
 *
 * @throws ProdngError COMPRESSION when they are malformed, or are more or fewer than the index says
 */
export async function* plainBytes(
  file: FileHandle,
  blocks: readonly IndexedBlock[],
  options: DecompressOptions = {},
): AsyncGenerator<Uint8Array> {
  let left = blocks.reduce((sum, { plainSize }) => sum + plainSize, 0);
  for await (const chunk of decompress('xz', blockStream(file, blocks), options)) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new ProdngError('COMPRESSION', 'xz: a block has another size than its index says');
}

async function* blockStream(file: FileHandle, blocks: readonly IndexedBlock[]): AsyncGenerator<Uint8Array> {
  yield xzHeader;
  for (const { fileOffset, fileSize } of blocks) {
    for (let done = 0; done < fileSize; ) {
      const piece = await readAt(file, fileOffset + done, Math.min(262_144, fileSize - done));
      if (piece.length === 0) return;
      yield piece;
      done += piece.length;
    }
  }
  yield encodeXzEnd(blocks);
}
