import { defaultTarLimits } from '../../archive/entry.ts';
import { padding, readTar } from '../../archive/tar-reader.ts';
import { endOfArchive } from '../../archive/tar-writer.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { type ContentEntry, contentEntry, FileList } from './file-list.ts';
import type { ListedFile } from './listed-file.ts';
import type { BlockRun, ListingCache } from './listing-cache.ts';
import { type BlockedData, blockDigests, plainBytes } from './xz-index.ts';

/**
 * Lists what an xz stream of a tar archive holds, and decompresses only blocks that were never listed before.
 *
 * What a block holds follows from its bytes alone when the reader of the archive is between two entries at its
 * beginning: nothing before it counts then. Only what both began and ended so, and was sound to its last checksum, is
 * remembered. A block in the midst of a file, or after a header that belongs to the next entry, is never looked up:
 * as the content of a file, it could hold what looks like entries.
 *
 * @param path of the .deb, for messages
 * @throws what reading the whole stream throws
 */
export async function listBlocks(
  path: string,
  data: BlockedData,
  cache: ListingCache,
): Promise<Map<string, ListedFile>> {
  const digests = await blockDigests(data);
  const files = new FileList(path);
  const count = new EntryCount();
  let index = 0;
  let isEnded = false;
  while (!isEnded) {
    const run = await cache.find(digests, index);
    if (run === undefined) {
      const reading = new UnknownBlocks(data, digests, index, cache);
      await named(path, async () => {
        for await (const entry of reading.entries()) files.add(count.one(entry));
      });
      ({ index, isEnded } = reading);
      continue;
    }
    const start = data.blocks[index]?.plainOffset ?? 0;
    for (const entry of run.entries) files.add(count.one({ ...entry, offset: entry.offset + start }));
    index += run.blocks.length;
  }
  return files.finish();
}

/** Reads from one place between two entries to the next from which on the cache knows more, or to the end. */
class UnknownBlocks {
  /** The block at which to go on. */
  index: number;
  /** Whether the end of the archive was met. */
  isEnded = true;
  readonly #data: BlockedData;
  readonly #digests: readonly string[];
  readonly #cache: ListingCache;
  /** By the offset in the plain stream. */
  readonly #blockAt: ReadonlyMap<number, number>;
  readonly #base: number;
  /** Where the last entry ended. */
  #clean: number;
  #run: { start: number; entries: ContentEntry[] };
  /** Runs whose last checksum was not yet seen. */
  #unproven: { run: BlockRun; end: number }[] = [];

  constructor(data: BlockedData, digests: readonly string[], index: number, cache: ListingCache) {
    this.index = index;
    this.#data = data;
    this.#digests = digests;
    this.#cache = cache;
    // the first of several that begin there: empty blocks are a part of what follows
    this.#blockAt = new Map(
      data.blocks.map(({ plainOffset }, at) => [plainOffset, at] as const).toReversed(),
    );
    this.#base = data.blocks[index]?.plainOffset ?? 0;
    this.#clean = this.#base;
    this.#run = { start: index, entries: [] };
  }

  async *entries(): AsyncGenerator<ContentEntry> {
    for await (const item of readTar(this.#bytes())) {
      const entry = await contentEntry(item);
      entry.offset += this.#base;
      this.#run.entries.push(entry);
      this.#clean = entry.offset + entry.size + padding(entry.size);
      this.#endRun();
      yield entry;
    }
  }

  #endRun(): void {
    const next = this.#blockAt.get(this.#clean);
    const { start, entries } = this.#run;
    if (next === undefined || next === start) return;
    const from = this.#data.blocks[start]?.plainOffset ?? 0;
    const moved = entries.map((entry) => ({ ...entry, offset: entry.offset - from }));
    this.#unproven.push({ run: { blocks: this.#digests.slice(start, next), entries: moved }, end: next });
    this.#run = { start: next, entries: [] };
  }

  /** Asked for more than it has given, it looks whether the cache knows the rest; then the archive ends here. */
  async *#bytes(): AsyncGenerator<Uint8Array> {
    const { file, blocks } = this.#data;
    for (let at = this.index; at < blocks.length; ) {
      if (at > this.index && this.#clean === blocks[at]?.plainOffset && (await this.#knows(at))) {
        this.index = at;
        this.isEnded = false;
        yield endOfArchive;
        return;
      }
      let end = at + 1;
      while (end < blocks.length && !(await this.#knows(end))) end += 1;
      yield* plainBytes(file, blocks.slice(at, end), { transient: true });
      at = end;
      await this.#prove(at);
    }
  }

  /** All blocks before this one were decompressed, and xz found no fault. */
  async #prove(end: number): Promise<void> {
    const unproven = this.#unproven;
    // the padding of the last entry may lie in a block that is yet to come
    this.#unproven = unproven.filter((each) => each.end > end);
    for (const each of unproven) if (each.end <= end) await this.#cache.add(each.run);
  }

  async #knows(at: number): Promise<boolean> {
    return (await this.#cache.find(this.#digests, at)) !== undefined;
  }
}

/** The limits of the whole archive, where its reader only sees parts. */
class EntryCount {
  #entries = 0;
  #names = 0;

  one(entry: ContentEntry): ContentEntry {
    this.#entries += 1;
    this.#names += entry.path.length + entry.linkPath.length;
    if (this.#entries > defaultTarLimits.headers || this.#names > defaultTarLimits.allNameBytes)
      throw new ProdngError('ARCHIVE_TOO_LARGE', 'tar archive: larger than its limits allow: its entries');
    return entry;
  }
}

async function named(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ProdngError) || error.message.startsWith(`${path}: `)) throw error;
    throw new ProdngError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
