import { type FileHandle, open } from 'node:fs/promises';
import { errnoOf } from '../../error/prodng-error.ts';
import type { ReadableFile } from './log-segments.ts';

const block = 2 ** 16;
/** Bytes that are read at most: one request must not take the agent's memory. */
const most = 2 ** 26;

/** The last whole lines of a file, without their ends, and where the last of them ends. */
export interface LastLines {
  lines: string[];
  /** Bytes up to the end of the last whole line. */
  end: number;
}

/** Reads the last whole lines of a file from its end, however long it is; a file that is not there has none. */
export async function readLastLines(path: string, count: number): Promise<LastLines> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { lines: [], end: 0 };
    throw error;
  }
  return lastLinesOf(file, count);
}

/** As readLastLines, of a file that is open; it is closed. */
export async function lastLinesOf(file: ReadableFile, count: number): Promise<LastLines> {
  try {
    const { size } = await file.stat();
    const pieces: Buffer[] = [];
    let length = 0;
    // the end of the line before the first one that is wanted
    for (let found = 0; length < size && length < most && found <= count; ) {
      const piece = Buffer.alloc(Math.min(block, size - length));
      await file.read(piece, 0, piece.length, size - length - piece.length);
      pieces.unshift(piece);
      length += piece.length;
      found += ends(piece);
    }
    const bytes = Buffer.concat(pieces);
    const begin = size - bytes.length;
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    // what was read from the middle of the file begins in the middle of a line
    const whole = begin > 0 ? lines.slice(1) : lines;
    const end = bytes.lastIndexOf(0x0a) + 1;
    const wanted = whole.slice(Math.max(0, whole.length - count));
    return { lines: wanted, end: begin + end };
  } finally {
    await file.close();
  }
}

function ends(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}
