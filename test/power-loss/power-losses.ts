import type { LogEntry } from './write-log.ts';

/** A moment at which the power goes, and what of the log is on the disk then. */
export interface PowerLoss {
  /** So many entries had been written, or were under way. */
  at: number;
  kind: 'at a flush' | 'between flushes' | 'writes out of order';
  /** All entries before this one are on the disk. */
  settled: number;
  /** Those behind it that are: a disk's own cache keeps no order between two flushes. */
  alsoWritten: readonly number[];
}

/**
 * Picks moments all over the log, of each kind as many.
 *
 * @param from the first entry at which it may go
 * @param seed the same one gives the same moments
 */
export function powerLosses(
  entries: readonly LogEntry[],
  from: number,
  count: number,
  seed: number,
): PowerLoss[] {
  const random = randomNumbers(seed);
  const flushes = entries.flatMap(({ flush }, index) => (flush && index >= from ? [index + 1] : []));
  const losses = Array.from({ length: count }, (_, index): PowerLoss => {
    const part = (index + random()) / count;
    if (index % 3 === 0) {
      const at = flushes[Math.floor(part * flushes.length)] ?? entries.length;
      return { at, kind: 'at a flush', settled: at, alsoWritten: [] };
    }
    const at = from + Math.floor(part * (entries.length - from));
    if (index % 3 === 1) return { at, kind: 'between flushes', settled: at, alsoWritten: [] };
    const settled = lastFlush(entries, at);
    const open = Array.from({ length: at - settled }, (_entry, offset) => settled + offset);
    const alsoWritten = open.filter((entry) => entries[entry]?.fua === true || random() < 0.5);
    return { at, kind: 'writes out of order', settled, alsoWritten };
  });
  return losses.toSorted((a, b) => a.settled - b.settled);
}

/** @returns the entry behind the last flush before `at` */
function lastFlush(entries: readonly LogEntry[], at: number): number {
  let index = at;
  while (index > 0 && entries[index - 1]?.flush !== true) index--;
  return index;
}

/** mulberry32: from 0 to less than 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
