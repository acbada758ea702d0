import { closeSync, openSync, readSync } from 'node:fs';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import type { FileSlice } from './segment.ts';

/**
 * Copies parts of files into memory. Synchronous: most are small and in the page cache, where a turn through the
 * thread pool costs more than the copy.
 */
export class SliceReader {
  #open: { path: string; fd: number } | undefined;

  /**
   * Fills `target` from `from` bytes after the beginning of the slice.
   *
   * @throws ProdngError IO when the file is not there or ends before the slice does
   */
  read(slice: FileSlice, from: number, target: Uint8Array): void {
    try {
      const fd = this.#fileOf(slice.path);
      for (let done = 0; done < target.length; ) {
        const got = readSync(fd, target, done, target.length - done, slice.offset + from + done);
        if (got === 0)
          throw new ProdngError('IO', `${slice.path}: shorter than ${slice.offset + slice.size} bytes`);
        done += got;
      }
    } catch (error) {
      if (error instanceof ProdngError) throw error;
      const why = reasonOf(error);
      throw new ProdngError('IO', `${slice.path}: cannot be read: ${why}`, { cause: error });
    }
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  /** The neighbours of an entry mostly lie in the same file. */
  #fileOf(path: string): number {
    if (this.#open?.path === path) return this.#open.fd;
    const fd = openSync(path, 'r');
    this.close();
    this.#open = { path, fd };
    return fd;
  }
}
