import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';

/**
 * The bytes of a download that are there so far, on disk and in the hash. They outlive the process: the next one goes
 * on from there.
 */
export class PartialFile {
  readonly path: string;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  /** Bytes so far. */
  size = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens it, and reads what an earlier run left.
   *
   * @param most bytes of the whole file: what is longer cannot be a part of it and is dropped
   * @throws ProdngError IO
   */
  static async open(path: string, most: number): Promise<PartialFile> {
    const file = await asIo(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      return await open(path, 'a+', 0o644);
    });
    const partial = new PartialFile(path, file);
    try {
      if ((await file.stat()).size > most) await partial.clear();
      else await partial.#readAll();
      return partial;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #readAll(): Promise<void> {
    const content = this.#file.createReadStream({ autoClose: false, start: 0 });
    for await (const chunk of content as AsyncIterable<Buffer>) {
      this.#hash.update(chunk);
      this.size += chunk.length;
    }
  }

  /** @throws ProdngError IO, with a hint of its own when the disk is full */
  async append(chunk: Uint8Array): Promise<void> {
    await asIo(this.path, async () => {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await this.#file.write(chunk, done);
        done += bytesWritten;
      }
    });
    this.#hash.update(chunk);
    this.size += chunk.length;
  }

  /** Starts over. */
  async clear(): Promise<void> {
    await asIo(this.path, () => this.#file.truncate(0));
    this.#hash = createHash('sha256');
    this.size = 0;
  }

  /** The SHA-256 of the bytes so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Makes the bytes survive a loss of power. */
  async sync(): Promise<void> {
    await asIo(this.path, () => this.#file.datasync());
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function asIo<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** A failed write as our own error. */
export function cannotWrite(path: string, error: unknown): ProdngError {
  const code = errnoOf(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new ProdngError(
    'IO',
    `${path}: cannot be written: ${full ? 'no space left on the disk' : reasonOf(error)}`,
    {
      hint: full
        ? 'make room (the cache folder may be emptied at any time), or set PRODNG_CACHE_DIR to a larger disk; what was fetched is kept'
        : 'may this user write there? PRODNG_CACHE_DIR names another folder',
      cause: error,
    },
  );
}
