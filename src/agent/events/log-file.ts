import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openLog } from './log-segments.ts';

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

/** A line that was added to a log, or bytes of it that were removed before they could be read. */
export type Followed = ({ line: LogLine } | { lost: number }) & {
  /** Where the next one begins, in bytes since the log began. */
  at: number;
};

/**
 * Tells of each line that is added to a log, until the signal. A segment that is full is read to its end before the next
 * one.
 *
 * @param from bytes since the log began that are known already
 */
export async function* followLog(path: string, from: number, signal: AbortSignal): AsyncGenerator<Followed> {
  let offset = from;
  let wake = () => {};
  let watcher: FSWatcher | undefined;
  const changed = () => wake();
  try {
    watcher = watch(dirname(path), (_, name) => {
      if (name?.startsWith(basename(path)) === true) changed();
    });
    signal.addEventListener('abort', changed, { once: true });
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const { found, offset: end } = await readFrom(path, offset);
      offset = end;
      for (const one of found) yield one;
      if (found.length === 0) await next;
    }
  } finally {
    watcher?.close();
    signal.removeEventListener('abort', changed);
  }
}

/** All entries of a log that are kept, read piece by piece. It ends where the log ends by then. */
export async function* readLog(path: string): AsyncGenerator<LogLine> {
  for (let offset = 0; ; ) {
    const { found, offset: end } = await readFrom(path, offset);
    if (found.length === 0) return;
    offset = end;
    for (const one of found) if ('line' in one) yield one.line;
  }
}

/** Where the first entry that is kept begins, in bytes since the log began. */
export async function beginOfLog(path: string): Promise<number> {
  const log = await openLog(path);
  await log?.close();
  return log?.base ?? 0;
}

const atOnce = 2 ** 16;

async function readFrom(path: string, known: number): Promise<{ found: Followed[]; offset: number }> {
  const log = await openLog(path);
  if (log === undefined) return { found: [], offset: 0 };
  try {
    const { base, size } = log;
    if (known < base) return { found: [{ lost: base - known, at: base }], offset: base };
    // it was removed with its jail, which was installed again
    const start = known > base + size ? base : known;
    const buffer = Buffer.alloc(Math.min(atOnce, base + size - start));
    await log.read(buffer, 0, buffer.length, start - base);
    const end = buffer.lastIndexOf(0x0a) + 1;
    const found: Followed[] = [];
    for (let begin = 0; begin < end; ) {
      const next = buffer.indexOf(0x0a, begin) + 1;
      const line = parseLogLine(buffer.subarray(begin, next - 1).toString('utf8'));
      if (line !== undefined) found.push({ line, at: start + next });
      begin = next;
    }
    return { found, offset: start + end };
  } finally {
    await log.close();
  }
}
