import { lastLinesOf } from './last-lines.ts';
import { type LogLine, parseLogLine } from './log-file.ts';
import { openLog } from './log-segments.ts';

type Stream = LogLine['stream'];

/**
 * Counts the lines of a log backwards, as its service has printed them: conmon writes a line that comes in parts as several
 * entries, between those of the other stream.
 */
class BackwardCounter {
  readonly #count: number;
  #lines = 0;
  /** Of each stream: whether the line that is being read is wanted; undefined before the first. */
  readonly #wanted: Record<Stream, boolean | undefined> = { stdout: undefined, stderr: undefined };

  constructor(count: number) {
    this.#count = count;
  }

  /** @returns whether the entry belongs to one of the last lines */
  take(stream: Stream, whole: boolean): boolean {
    // the end of a line, or the last part of one that has no end yet
    if (whole || this.#wanted[stream] === undefined) {
      this.#wanted[stream] = this.#lines < this.#count;
      if (this.#lines < this.#count) this.#lines++;
    }
    return this.#wanted[stream] === true;
  }

  /** Whether the beginning of each wanted line has been seen. */
  get isComplete(): boolean {
    return this.#wanted.stdout !== true && this.#wanted.stderr !== true;
  }

  /** Whether no entry before can belong to them. */
  get isOver(): boolean {
    return this.#lines >= this.#count && this.isComplete;
  }
}

/**
 * The last lines among some entries.
 *
 * @param entries of the log, in their order
 * @returns their entries, and whether the first of each is there, as far as these entries tell
 */
export function lastWholeLines(
  entries: readonly LogLine[],
  count: number,
): { lines: LogLine[]; isComplete: boolean } {
  const counter = new BackwardCounter(count);
  const kept: LogLine[] = [];
  for (const entry of entries.toReversed()) {
    if (counter.take(entry.stream, entry.whole)) kept.push(entry);
    else if (counter.isOver) break;
  }
  return { lines: kept.toReversed(), isComplete: counter.isComplete };
}

/** Entries that are read at most. */
const most = 1_000_000;

/** Reads the last lines of a log, each from its beginning. */
export async function tailLog(path: string, count: number): Promise<LogLine[]> {
  for (let entries = count + 64; ; entries *= 4) {
    const log = await openLog(path);
    if (log === undefined) return [];
    const { lines: read } = await lastLinesOf(log, entries);
    const parsed = read.flatMap((line) => parseLogLine(line) ?? []);
    const { lines, isComplete } = lastWholeLines(parsed, count);
    if (isComplete || read.length < entries || entries > most) return lines;
  }
}

/** The bytes since the log began that the last lines of each stream begin at; what a stream has before is not among them. */
export type LineStarts = Record<Stream, number>;

const block = 2 ** 16;
/** Bytes of an entry that say its stream, and whether it ends a line. */
const head = 64;

/** Finds where the last lines of a log begin, for a follower that reads them piece by piece. It keeps no text. */
export async function startsOfLastLines(path: string, count: number): Promise<LineStarts> {
  const log = await openLog(path);
  if (log === undefined) return { stdout: 0, stderr: 0 };
  try {
    const { base, size } = log;
    const starts: LineStarts = { stdout: size, stderr: size };
    const counter = new BackwardCounter(count);
    // the beginning of what was read before, which may be the rest of an entry's head
    let behind = Buffer.alloc(0);
    let isFirst = true;
    const take = (bytes: Buffer, offset: number) => {
      const [, stream, tag] = /^\S+ (stdout|stderr) ([FP]) /.exec(bytes.toString('latin1')) ?? [];
      const known: Stream = stream === 'stderr' ? 'stderr' : 'stdout';
      if (stream !== undefined && counter.take(known, tag === 'F')) starts[known] = offset;
    };
    for (let end = size; end > 0 && !counter.isOver; ) {
      const begin = Math.max(0, end - block);
      const piece = Buffer.alloc(end - begin);
      await log.read(piece, 0, piece.length, begin);
      const bytes = Buffer.concat([piece, behind]);
      for (let at = piece.lastIndexOf(0x0a); at !== -1 && !counter.isOver; ) {
        // what is behind the last end is half an entry: it is still being written
        if (!isFirst) take(bytes.subarray(at + 1, at + 1 + head), begin + at + 1);
        isFirst = false;
        at = at === 0 ? -1 : piece.lastIndexOf(0x0a, at - 1);
      }
      if (begin === 0 && !isFirst && !counter.isOver) take(bytes.subarray(0, head), 0);
      behind = bytes.subarray(0, head);
      end = begin;
    }
    return { stdout: base + starts.stdout, stderr: base + starts.stderr };
  } finally {
    await log.close();
  }
}
