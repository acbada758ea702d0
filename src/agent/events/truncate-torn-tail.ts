import { open } from 'node:fs/promises';
import { errnoOf } from '../../error/prodng-error.ts';
import { type EventHead, parseRecord } from './event-record.ts';

/** Bytes at the end of a log in which records may lie that were being written together. */
const most = 2 ** 20;

/**
 * Cuts off what a loss of power has left half written at the end of a log: a line without its end, and records that have
 * zeros in place of a block that never came to the disk. What the head speaks of was written whole: zeros in that were put
 * there by somebody, and stay.
 */
export async function truncateTornTail(path: string, head: EventHead | undefined): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      const begin = Math.max(0, size - most);
      const bytes = Buffer.alloc(size - begin);
      await file.read(bytes, 0, bytes.length, begin);
      const end = wholeEnd(bytes, head);
      if (end < bytes.length) {
        await file.truncate(begin + end);
        await file.sync();
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function wholeEnd(bytes: Buffer, head: EventHead | undefined): number {
  const end = bytes.lastIndexOf('\n') + 1;
  // JSON has none in it
  const zero = bytes.subarray(0, end).indexOf(0);
  if (zero === -1) return end;
  const torn = bytes.subarray(0, zero).lastIndexOf('\n') + 1;
  const before = bytes.toString('utf8', 0, torn).trimEnd().split('\n').at(-1) ?? '';
  const isUnknown = head === undefined || head.seq <= (parseRecord(before)?.seq ?? 0);
  return isUnknown ? torn : end;
}
