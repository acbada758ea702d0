import { crc32 } from 'node:zlib';
import { ProdngError } from '../error/prodng-error.ts';

/** What the index of a stream says about one block. Both in bytes. */
export interface XzRecord {
  /** The block without the zeros that fill it up to a multiple of four. */
  unpaddedSize: number;
  plainSize: number;
}

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const FOOTER_MAGIC = Buffer.from('YZ');
/** Each block ends in a CRC32 of its plain bytes, as dpkg-deb has it; ".xz File Format" 1.2, section 2.1.1.2. */
const FLAGS = Buffer.from([0x00, 0x01]);
const HEADER = 12;

/** The twelve bytes before the first block. */
export const xzHeader: Buffer = Buffer.concat([MAGIC, FLAGS, crcOf(FLAGS)]);

/** Index and footer of a stream of these blocks; ".xz File Format" 1.2, sections 4 and 2.1.2. */
export function encodeXzEnd(records: readonly XzRecord[]): Buffer {
  const numbers = [
    records.length,
    ...records.flatMap(({ unpaddedSize, plainSize }) => [unpaddedSize, plainSize]),
  ];
  const list = Buffer.concat([Buffer.alloc(1), ...numbers.map(encodeNumber)]);
  const padded = Buffer.concat([list, Buffer.alloc(roundUp(list.length) - list.length)]);
  const index = Buffer.concat([padded, crcOf(padded)]);
  const tail = Buffer.concat([uint32(index.length / 4 - 1), FLAGS]);
  return Buffer.concat([index, crcOf(tail), tail, FOOTER_MAGIC]);
}

/**
 * Cuts the only block, its padding included, out of what xz wrote for `plainSize` bytes. Header, index and footer are
 * compared with what they must be, byte for byte.
 *
 * @throws ProdngError COMPRESSION
 */
export function cutBlock(stream: Buffer, plainSize: number): { block: Buffer; record: XzRecord } {
  if (!stream.subarray(0, HEADER).equals(xzHeader)) throw unexpected('header');
  const backward = stream.length < 2 * HEADER ? 0 : (stream.readUInt32LE(stream.length - 8) + 1) * 4;
  const block = stream.subarray(HEADER, Math.max(HEADER, stream.length - HEADER - backward));
  // The index tells the last bytes of the block from its padding.
  for (let fill = 0; fill < 4; fill++) {
    const record = { unpaddedSize: block.length - fill, plainSize };
    if (stream.subarray(HEADER + block.length).equals(encodeXzEnd([record]))) return { block, record };
  }
  throw unexpected('index');
}

/** The size of a block, or an index, in the file. */
export function roundUp(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Seven bits a byte, the lowest first; section 1.2. */
function encodeNumber(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function crcOf(bytes: Buffer): Buffer {
  return uint32(crc32(bytes));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function unexpected(where: string): ProdngError {
  return new ProdngError('COMPRESSION', `xz wrote an unexpected ${where}`, {
    hint: 'see whether /usr/bin/xz is the one of xz-utils: xz --version',
  });
}
