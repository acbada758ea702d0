import { availableParallelism, freemem } from 'node:os';
import { BlockCache, type CachedBlock, readBlock } from './block-cache.ts';
import { compressBlock, hostXz, MAX_BLOCK, type XzProgram, xzParameters } from './xz-block.ts';
import { encodeXzEnd, roundUp, xzHeader } from './xz-format.ts';

/** xz -6 takes 94 MiB for itself; each of them works on a block of ours. */
const MEMORY_OF_ONE = 96 * 2 ** 20 + 4 * MAX_BLOCK;

export interface XzOptions {
  /** Folder of blocks compressed before. */
  blockCache: string;
  /** What compresses (default: the host's xz). */
  xz?: XzProgram;
  /** How many xz may run at a time (default: one a CPU, as far as memory allows). The bytes do not depend on it. */
  workers?: number;
  /** Called with the plain bytes done so far. */
  onAdvance?: (plainBytes: number) => void;
  signal?: AbortSignal;
}

/** One xz stream whose blocks lie in the cache. */
export interface XzStream {
  /** Bytes of the whole stream. */
  size: number;
  chunks(): AsyncGenerator<Buffer, void, undefined>;
  close(): Promise<void>;
}

/**
 * Compresses blocks side by side into one ordinary stream of them, ".xz File Format" 1.2: dpkg-deb reads no
 * concatenated streams. What was compressed before is taken from the cache.
 *
 * @param blocks plain bytes, at most MAX_BLOCK each; a buffer is never touched again once it was given
 * @throws ProdngError HOST_LACKS, COMPRESSION; system errors of the cache; the signal's reason
 */
export async function compressXz(blocks: Iterable<Buffer>, options: XzOptions): Promise<XzStream> {
  const xz = options.xz ?? (await hostXz());
  const cache = new BlockCache(options.blockCache, xzParameters(xz));
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal]);
  const workers = options.workers ?? affordableWorkers();
  const running = new Set<Promise<void>>();
  const done: CachedBlock[] = [];
  let count = 0;
  let plainBytes = 0;
  const finish = (index: number, block: CachedBlock): void => {
    done[index] = block;
    plainBytes += block.record.plainSize;
    options.onAdvance?.(plainBytes);
  };
  try {
    for (const plain of blocks) {
      signal.throwIfAborted();
      const index = count++;
      const cached = await cache.open(plain);
      if (cached !== undefined) {
        finish(index, cached);
        continue;
      }
      const job = compressBlock(plain, signal, xz)
        .then((block) => cache.add(plain, block))
        .then((block) => finish(index, block));
      running.add(job);
      job.then(
        () => running.delete(job),
        () => {},
      );
      if (running.size >= workers) await Promise.race(running);
    }
    await Promise.all(running);
  } catch (error) {
    abort.abort();
    await Promise.allSettled(running);
    await closeAll(done);
    throw error;
  }
  return streamOf(done);
}

function streamOf(blocks: readonly CachedBlock[]): XzStream {
  const end = encodeXzEnd(blocks.map(({ record }) => record));
  const packed = blocks.reduce((sum, { record }) => sum + roundUp(record.unpaddedSize), 0);
  return {
    size: xzHeader.length + packed + end.length,
    async *chunks() {
      yield xzHeader;
      for (const block of blocks) yield await readBlock(block);
      yield end;
    },
    close: () => closeAll(blocks),
  };
}

async function closeAll(blocks: readonly CachedBlock[]): Promise<void> {
  // Sparse after a failure: forEach and map skip what never came.
  await Promise.all(blocks.map(({ file }) => file.close()));
}

function affordableWorkers(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / 2 / MEMORY_OF_ONE)));
}
