import { decompressFrames } from '../../archive/compression.ts';
import { malformed } from './superblock.ts';

/**
 * Decompresses zstd frames, all by one process.
 *
 * @param most bytes that they may give
 * @throws ProdngError IMAGE when they give more, COMPRESSION
 */
export async function inflate(frames: readonly Uint8Array[], most: number): Promise<Buffer> {
  if (frames.length === 0) return Buffer.alloc(0);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of decompressFrames(each(frames))) {
    size += piece.length;
    if (size > most) throw malformed('its blocks are larger than they may be');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function* each(frames: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* frames;
}

/**
 * How many bytes a zstd frame has when decompressed, as its header says (RFC 8878, 3.1.1.1); mksquashfs writes it always,
 * and zstd refuses a frame that has more or fewer.
 *
 * @throws ProdngError IMAGE when it does not say
 */
export function frameSize(frame: Buffer): number {
  if (frame.length < 18) frame = Buffer.concat([frame, Buffer.alloc(18)]);
  const descriptor = frame.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const kind = descriptor >> 6;
  if (kind === 1) return frame.readUInt16LE(at) + 256;
  if (kind === 2) return frame.readUInt32LE(at);
  if (kind === 0 && isSingle) return frame.readUInt8(at);
  throw malformed('a fragment does not say its size');
}
