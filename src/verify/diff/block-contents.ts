import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteSource } from '../../archive/byte-source.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { type BlockedData, plainBytes } from './xz-index.ts';

/** Where a file's content lies in the plain data.tar, in bytes. */
export interface ContentPlace {
  path: string;
  offset: number;
  size: number;
}

/** Copies contents out of a stream of blocks, and decompresses only the blocks that they lie in. */
export async function copyFromBlocks(
  { file, blocks }: BlockedData,
  places: readonly ContentPlace[],
  folder: string,
): Promise<Map<string, string>> {
  const copies = new Map<string, string>();
  const left = places.toSorted((a, b) => a.offset - b.offset);
  while (left[0] !== undefined) {
    const first = blocks.findLastIndex(({ plainOffset }) => plainOffset <= (left[0]?.offset ?? 0));
    let end = first;
    const run: ContentPlace[] = [];
    // contents in the same or the next block are taken along
    for (let place = left[0]; place !== undefined; place = left[0]) {
      const last = blocks.findLastIndex(({ plainOffset }) => plainOffset < place.offset + place.size);
      const begin = blocks.findLastIndex(({ plainOffset }) => plainOffset <= place.offset);
      if (begin > end + 1) break;
      end = Math.max(end, last);
      run.push(place);
      left.shift();
    }
    const start = blocks[first]?.plainOffset ?? 0;
    const source = new ByteSource(plainBytes(file, blocks.slice(first, end + 1)));
    try {
      for (const [path, copy] of await copyPlaces(source, start, run, folder)) copies.set(path, copy);
    } finally {
      await source.close();
    }
  }
  return copies;
}

/**
 * Copies contents out of plain bytes.
 *
 * @param start where in the plain data.tar the source begins
 */
export async function copyPlaces(
  source: ByteSource,
  start: number,
  places: readonly ContentPlace[],
  folder: string,
): Promise<Map<string, string>> {
  const copies = new Map<string, string>();
  for (const { path, offset, size } of places.toSorted((a, b) => a.offset - b.offset)) {
    await source.skip(offset - start - source.offset);
    const copy = join(folder, String(offset));
    await writeFrom(source, size, copy);
    copies.set(path, copy);
  }
  return copies;
}

async function writeFrom(source: ByteSource, size: number, path: string): Promise<void> {
  const copy = await open(path, 'wx', 0o600);
  try {
    for (let left = size; left > 0; ) {
      const piece = await source.some(left);
      if (piece === undefined) throw new ProdngError('COMPRESSION', 'a block ends too early');
      await copy.writeFile(piece);
      left -= piece.length;
    }
  } finally {
    await copy.close();
  }
}
