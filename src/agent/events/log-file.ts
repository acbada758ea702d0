import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errnoOf } from '../../error/prodng-error.ts';

/** A line that a service has printed, as conmon kept it. */
export interface LogLine {
  time: string;
  stream: 'stdout' | 'stderr';
  /** False when more of the same line follows. */
  whole: boolean;
  text: string;
}

const pattern = /^(\S+) (stdout|stderr) ([FP]) (.*)$/s;

/** Reads a line of a Kubernetes log: time, stream, F or P, text. */
export function parseLogLine(line: string): LogLine | undefined {
  const match = pattern.exec(line);
  if (match === null) return undefined;
  const [, time = '', stream, whole, text = ''] = match;
  return { time, stream: stream === 'stderr' ? 'stderr' : 'stdout', whole: whole === 'F', text };
}

/** A line that was added to a log, and where the next one begins: in which file, by its inode, and at which byte. */
export interface FollowedLine {
  line: LogLine;
  at: LogPlace;
}

export interface LogPlace {
  inode: number;
  offset: number;
}

/** Where a log goes on: at a place that was known before, if it is still the same file. */
export async function placeIn(path: string, known: LogPlace): Promise<number> {
  return (await aboutFile(path)).inode === known.inode ? known.offset : 0;
}

/**
 * Tells of each line that is added to a log, until the signal. conmon starts a log that has become too long anew.
 *
 * @param from bytes that are known already
 */
export async function* followLog(
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<FollowedLine> {
  let offset = from;
  let wake = () => {};
  let watcher: FSWatcher | undefined;
  const changed = () => wake();
  try {
    watcher = watch(dirname(path), (_, name) => {
      if (name === basename(path)) changed();
    });
    signal.addEventListener('abort', changed, { once: true });
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const { lines, offset: end } = await readFrom(path, offset);
      offset = end;
      for (const line of lines) yield line;
      if (lines.length === 0) await next;
    }
  } finally {
    watcher?.close();
    signal.removeEventListener('abort', changed);
  }
}

const atOnce = 2 ** 16;

async function readFrom(path: string, offset: number): Promise<{ lines: FollowedLine[]; offset: number }> {
  const { size, inode } = await aboutFile(path);
  const start = size < offset ? 0 : offset;
  if (size === start) return { lines: [], offset: start };
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(Math.min(atOnce, size - start));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    const lines: FollowedLine[] = [];
    for (let begin = 0; begin < end; ) {
      const next = buffer.indexOf(0x0a, begin) + 1;
      const line = parseLogLine(buffer.subarray(begin, next - 1).toString('utf8'));
      if (line !== undefined) lines.push({ line, at: { inode, offset: start + next } });
      begin = next;
    }
    return { lines, offset: start + end };
  } finally {
    await file.close();
  }
}

export async function aboutFile(path: string): Promise<{ size: number; inode: number }> {
  try {
    const { size, ino } = await stat(path);
    return { size, inode: ino };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { size: 0, inode: 0 };
    throw error;
  }
}
