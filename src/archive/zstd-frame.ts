import { ProdngError } from '../error/prodng-error.ts';
import { ByteSource } from './byte-source.ts';

const MAGIC = 0xfd2fb528;
const CHECKSUM = 4;
const RLE = 1;
const RESERVED = 3;

/**
 * Passes a stream on as long as it is one zstd frame, RFC 8878 section 3.1.1, and refuses anything else. The zstd
 * program would also read frames one after the other, and gzip, xz and lz4, for which it keeps to no limit of
 * memory; dpkg reads one frame.
 *
 * @throws ProdngError COMPRESSION
 */
export async function* singleZstdFrame(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = new ByteSource(source);
  try {
    const start = await exactly(bytes, 5);
    if (start.readUInt32LE() !== MAGIC) throw malformed('not a zstd frame');
    const descriptor = start.readUInt8(4);
    yield start;
    yield await exactly(bytes, headerRest(descriptor));
    for (let last = false; !last; ) {
      const header = await exactly(bytes, 3);
      const word = header.readUIntLE(0, 3);
      const type = (word >> 1) & 3;
      if (type === RESERVED) throw malformed('a block of the reserved type');
      yield header;
      last = (word & 1) === 1;
      // A block of type RLE says one byte so many times.
      yield await exactly(bytes, type === RLE ? 1 : word >> 3);
    }
    if ((descriptor & 4) !== 0) yield await exactly(bytes, CHECKSUM);
    if ((await bytes.some(1)) !== undefined) throw malformed('data after the zstd frame');
  } finally {
    await bytes.close();
  }
}

/** Bytes of the frame header after its first: window, dictionary and content size; section 3.1.1.1. */
function headerRest(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (single ? 0 : 1) + dictionary + contentSize;
}

/** A copy: the program gets it while the next bytes are read. */
async function exactly(bytes: ByteSource, length: number): Promise<Buffer> {
  const taken = await bytes.take(length);
  if (taken.length < length) throw malformed('the zstd frame ends too early');
  return Buffer.from(taken);
}

function malformed(why: string): ProdngError {
  return new ProdngError('COMPRESSION', `zstd: ${why}`);
}
