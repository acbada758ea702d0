import { elfMagic, PT_DYNAMIC, PT_INTERP, PT_NOTE, readElfHeader, readProgramHeaders } from './elf-header.ts';
import type { ByteWindow } from './elf-types.ts';

/** Loaders read tables from the first segment; no library of Debian has its string table further in. */
const mostHead = 24 * 2 ** 20;
const mostRange = 2 ** 20;

/**
 * Keeps of a streamed file what parseElf asks for: its head, and the ranges that its program headers name. One
 * object serves all files of an archive, so that memory is bounded by the largest head.
 */
export class KeptBytes implements ByteWindow {
  size = 0;
  #head = Buffer.alloc(64 * 1024);
  #headLength = 0;
  #position = 0;
  #ranges: { offset: number; bytes: Buffer; filled: number }[] | undefined;

  /** Begins a new file of `size` bytes. */
  begin(size: number): void {
    this.size = size;
    this.#headLength = 0;
    this.#position = 0;
    this.#ranges = undefined;
  }

  /** Takes the next bytes of the file; they are copied. */
  update(piece: Uint8Array): void {
    const room = Math.min(piece.length, mostHead - this.#headLength);
    if (room > 0) {
      this.#grow(this.#headLength + room);
      this.#head.set(piece.subarray(0, room), this.#headLength);
      this.#headLength += room;
    }
    if (this.size > mostHead) this.#fillRanges(piece);
    this.#position += piece.length;
  }

  /** Whether the file starts like ELF; false until its first four bytes are there. */
  isElf(): boolean {
    return this.#headLength >= 4 && this.#head.subarray(0, 4).equals(elfMagic);
  }

  slice(offset: number, length: number): Buffer | undefined {
    if (!(offset >= 0 && length >= 0)) return undefined;
    if (offset + length <= this.#headLength) return this.#head.subarray(offset, offset + length);
    const range = this.#ranges?.find(
      (candidate) => candidate.offset <= offset && offset + length <= candidate.offset + candidate.filled,
    );
    return range?.bytes.subarray(offset - range.offset, offset - range.offset + length);
  }

  #grow(length: number): void {
    if (length <= this.#head.length) return;
    const larger = Buffer.alloc(Math.min(mostHead, Math.max(length, this.#head.length * 2)));
    larger.set(this.#head.subarray(0, this.#headLength));
    this.#head = larger;
  }

  #fillRanges(piece: Uint8Array): void {
    this.#ranges ??= this.#wantedRanges();
    for (const range of this.#ranges ?? []) {
      const from = range.offset + range.filled - this.#position;
      if (from < 0 || from >= piece.length || range.filled === range.bytes.length) continue;
      const part = piece.subarray(from, from + range.bytes.length - range.filled);
      range.bytes.set(part, range.filled);
      range.filled += part.length;
    }
  }

  /** Known as soon as the program headers are; until then nothing beyond the head has passed. */
  #wantedRanges(): { offset: number; bytes: Buffer; filled: number }[] | undefined {
    const header = readElfHeader(this);
    if ('fault' in header) return undefined;
    const segments = readProgramHeaders(this, header);
    if ('fault' in segments) return undefined;
    return segments
      .filter(({ type, size }) => wantedTypes.has(type) && size <= mostRange)
      .map(({ offset, size }) => ({ offset, bytes: Buffer.alloc(size), filled: 0 }));
  }
}

const wantedTypes = new Set([PT_DYNAMIC, PT_INTERP, PT_NOTE]);
