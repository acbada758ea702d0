/**
 * What a frame of an exec connection carries. From the client: `input` (empty: its end), `signal` (a name), `size` (of
 * its terminal, JSON). From the agent: `output`, `errors`, `taken` (bytes of input, in decimal, that the program has been
 * given), and last `exit` or `fault` (JSON).
 */
export const frameKinds = {
  input: 0,
  output: 1,
  errors: 2,
  exit: 3,
  fault: 4,
  taken: 5,
  signal: 6,
  size: 7,
} as const;

export interface Frame {
  kind: number;
  data: Buffer;
}

/** No frame is longer: a peer cannot have us keep more than that. */
const longest = 2 ** 20;

/** Bytes of input that may be on their way to a program that does not read; the client waits before it sends more. */
export const inputWindow = 2 ** 18;

/** A byte for the kind, four for the length, and the data. */
export function encodeFrame(kind: number, data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(data.length, 1);
  return Buffer.concat([head, data]);
}

/** Takes a stream of bytes apart into frames, however they arrive. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws RangeError for a frame longer than any of ours */
  push(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= 5) {
      const size = this.#rest.readUInt32BE(1);
      if (size > longest) throw new RangeError(`a frame of ${size} bytes`);
      if (this.#rest.length < 5 + size) break;
      frames.push({ kind: this.#rest.readUInt8(0), data: this.#rest.subarray(5, 5 + size) });
      this.#rest = this.#rest.subarray(5 + size);
    }
    return frames;
  }
}
