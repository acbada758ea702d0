import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errnoOf } from '../../error/prodng-error.ts';
import { readLastLines } from './last-lines.ts';

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

/** The last lines of a log. */
export async function tailLog(path: string, count: number): Promise<LogLine[]> {
  const { lines } = await readLastLines(path, count);
  return lines.flatMap((line) => parseLogLine(line) ?? []);
}

/**
 * Tells of each line that is added to a log, until the signal. conmon starts a log that has become too long anew.
 *
 * @param from bytes that are known already
 */
export async function* followLog(path: string, from: number, signal: AbortSignal): AsyncGenerator<LogLine> {
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

async function readFrom(path: string, offset: number): Promise<{ lines: LogLine[]; offset: number }> {
  const size = await sizeOf(path);
  const start = size < offset ? 0 : offset;
  if (size === start) return { lines: [], offset: start };
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(Math.min(atOnce, size - start));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    const text = buffer.subarray(0, end).toString('utf8');
    return {
      lines: text
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => parseLogLine(line) ?? []),
      offset: start + end,
    };
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
