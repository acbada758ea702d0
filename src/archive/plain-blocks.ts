import type { BlockGroup } from './data-layout.ts';
import type { Md5Sums } from './md5sums.ts';
import type { SegmentEntry } from './segment.ts';
import { SliceReader } from './slice-reader.ts';
import { contentPadding, encodeEntryHeader, endOfArchive } from './tar-writer.ts';

/**
 * Lays groups out as the bytes of one tar archive, cut into blocks: a new one at the beginning of each group and
 * after `blockSize` bytes, and one for the end of the archive. Each block is a buffer of its own; only the present
 * one is held.
 *
 * @param md5sums learns of every regular file on the way
 * @throws ProdngError IO when a slice cannot be read
 */
export function* plainBlocks(
  groups: readonly BlockGroup[],
  blockSize: number,
  md5sums?: Md5Sums,
): Generator<Buffer, void, undefined> {
  const reader = new SliceReader();
  try {
    for (const group of groups) {
      const cutter = new BlockCutter(group.size, blockSize);
      for (const each of group.entries) {
        yield* cutter.add(encodeEntryHeader(each.entry));
        if (each.entry.type !== 'file') continue;
        yield* addContent(cutter, reader, each, md5sums);
        md5sums?.endFile(each.entry.path);
        yield* cutter.add(contentPadding(each.entry.size));
      }
    }
    yield endOfArchive;
  } finally {
    reader.close();
  }
}

function* addContent(
  cutter: BlockCutter,
  reader: SliceReader,
  { entry, content }: SegmentEntry,
  md5sums?: Md5Sums,
): Generator<Buffer, void, undefined> {
  if (content === undefined) return;
  yield* cutter.fill(entry.size, (target, from) => {
    if (Buffer.isBuffer(content)) content.copy(target, 0, from);
    else reader.read(content, from, target);
    md5sums?.update(target);
  });
}

/** Cuts `total` bytes that come in pieces into blocks of equal size. */
class BlockCutter {
  readonly #blockSize: number;
  #left: number;
  #block: Buffer;
  #used = 0;

  constructor(total: number, blockSize: number) {
    this.#blockSize = blockSize;
    this.#left = total;
    this.#block = Buffer.allocUnsafeSlow(Math.min(total, blockSize));
  }

  *add(bytes: Buffer): Generator<Buffer, void, undefined> {
    if (bytes.length > 0) yield* this.fill(bytes.length, (target, from) => void bytes.copy(target, 0, from));
  }

  /** Takes `size` bytes that `write` puts into place: into a target, from so many bytes after their beginning. */
  *fill(size: number, write: (target: Buffer, from: number) => void): Generator<Buffer, void, undefined> {
    for (let done = 0; done < size; ) {
      const target = this.#block.subarray(this.#used, this.#used + size - done);
      write(target, done);
      done += target.length;
      this.#used += target.length;
      if (this.#used === this.#block.length) yield this.#next();
    }
  }

  #next(): Buffer {
    const full = this.#block;
    this.#left -= full.length;
    this.#block = Buffer.allocUnsafeSlow(Math.min(this.#left, this.#blockSize));
    this.#used = 0;
    return full;
  }
}
