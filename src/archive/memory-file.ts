/** The bytes of a small file, read once. It is read as a FileHandle is, without a system call for each piece. */
export class MemoryFile {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** Up to `length` bytes at `offset`; fewer only at the end. They are shared with this file: do not change them. */
  slice(offset: number, length: number): Buffer {
    return this.#bytes.subarray(offset, offset + length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
