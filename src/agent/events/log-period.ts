import { type LogLine, readLog } from './log-file.ts';
import { lastWholeLines } from './whole-lines.ts';

/** A period of time, in ms since 1970; either end may be open. */
export interface Period {
  since?: number | undefined;
  until?: number | undefined;
}

/**
 * Whether an entry was written in a period. One whose time cannot be read is in every period.
 *
 * @param time as conmon writes it, RFC 3339 with nanoseconds
 */
export function isWithin(time: string, { since, until }: Period): boolean {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return true;
  return at >= (since ?? Number.NEGATIVE_INFINITY) && at < (until ?? Number.POSITIVE_INFINITY);
}

/** Entries beyond the wanted ones that are kept until they are sorted out. */
const slack = 4096;

/**
 * The last lines of a period. The log is read piece by piece from its beginning: the clock of the host may have been set
 * back, so that its times are not always in order.
 */
export async function tailPeriod(path: string, count: number, period: Period): Promise<LogLine[]> {
  let found: LogLine[] = [];
  for await (const line of readLog(path)) {
    if (isWithin(line.time, period)) found.push(line);
    if (found.length > 2 * count + slack) found = lastWholeLines(found, count).lines;
  }
  return lastWholeLines(found, count).lines;
}
