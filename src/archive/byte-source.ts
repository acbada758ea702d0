/** Pulls exact amounts of bytes out of a stream of chunks, and lets go of the stream in the end. */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;
  #ended = false;
  /** Bytes handed out so far. */
  offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Exactly `length` bytes, or fewer when the stream ends before. The bytes are valid until the next call. */
  async take(length: number): Promise<Uint8Array> {
    if (this.#chunk.length - this.#position >= length) return this.#advance(length);
    const pieces: Uint8Array[] = [];
    let missing = length;
    while (missing > 0 && (await this.#fill())) {
      const piece = this.#advance(Math.min(missing, this.#chunk.length - this.#position));
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  /** Whatever is at hand, at least one byte and at most `most`; undefined at the end of the stream. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    return this.#advance(Math.min(most, this.#chunk.length - this.#position));
  }

  /** Skips `length` bytes and returns how many were really there. */
  async skip(length: number): Promise<number> {
    let missing = length;
    while (missing > 0 && (await this.#fill())) {
      missing -= this.#advance(Math.min(missing, this.#chunk.length - this.#position)).length;
    }
    return length - missing;
  }

  /** Tells the stream that no more is wanted: a decompressor behind it ends. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#iterator.return?.();
  }

  #advance(length: number): Uint8Array {
    const piece = this.#chunk.subarray(this.#position, this.#position + length);
    this.#position += length;
    this.offset += length;
    return piece;
  }

  async #fill(): Promise<boolean> {
    while (this.#position === this.#chunk.length) {
      if (this.#ended) return false;
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#ended = true;
        return false;
      }
      this.#chunk = next.value;
      this.#position = 0;
    }
    return true;
  }
}
