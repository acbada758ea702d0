/** Searches a file that comes in pieces for any of a few texts. */
export class ByteSearch {
  found = false;
  readonly #needles: readonly Buffer[];
  readonly #overlap: number;
  #tail: Buffer = Buffer.alloc(0);

  constructor(texts: readonly string[]) {
    this.#needles = texts.map((text) => Buffer.from(text));
    this.#overlap = Math.max(0, ...this.#needles.map(({ length }) => length - 1));
  }

  /** Begins a new file. */
  begin(): void {
    this.found = false;
    this.#tail = Buffer.alloc(0);
  }

  update(piece: Uint8Array): void {
    if (this.found) return;
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    // what began at the end of the last piece
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, this.#overlap)]);
    this.found = this.#needles.some((needle) => seam.includes(needle) || bytes.includes(needle));
    const end = Buffer.concat([this.#tail, bytes.subarray(-this.#overlap)]);
    this.#tail =
      bytes.length >= this.#overlap
        ? Buffer.from(bytes.subarray(-this.#overlap))
        : end.subarray(-this.#overlap);
  }
}
