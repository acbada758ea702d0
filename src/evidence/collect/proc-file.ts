import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { BundleWriter } from '../bundle/bundle-writer.ts';

/** The files of /proc say neither their length nor anything twice. */
const block = 2 ** 16;

/** What a file holds, up to `most` bytes. @throws a system error */
export function readBounded(file: string, most: number): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return readDescriptor(fd, most);
  } finally {
    closeSync(fd);
  }
}

export function readDescriptor(fd: number, most: number): Buffer {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < most) {
    const piece = Buffer.alloc(Math.min(block, most - total));
    const length = readSync(fd, piece, 0, piece.length, null);
    if (length === 0) break;
    pieces.push(piece.subarray(0, length));
    total += length;
  }
  return Buffer.concat(pieces);
}

/** Puts a file of /proc or /sys into the bundle, or says why it cannot be read. */
export async function addProcFile(
  bundle: BundleWriter,
  item: { path: string; source: string; artifact: string },
  change: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = change(readBounded(item.source, 16 * 2 ** 20));
  } catch (error) {
    bundle.failed(item.source, item.artifact, error);
    return;
  }
  await bundle.add(item, bytes);
}
