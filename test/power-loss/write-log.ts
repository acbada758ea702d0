/**
 * One entry of a log of a disk's writes, as QEMU's blklogwrites driver keeps it in the format of the kernel's
 * dm-log-writes: a superblock and then the entries, each a sector of its own with the data behind it.
 */
export interface LogEntry {
  /** Where on the disk, bytes. */
  offset: number;
  /** What was written there: none for a flush; for a discard, as many zeros. */
  data: Uint8Array;
  /** What was written before it is on the disk. */
  flush: boolean;
  /** It is on the disk itself when it is done. */
  fua: boolean;
}

const magic = 0x6a736677736872n;
const flags = { flush: 1n, fua: 2n, discard: 4n, mark: 8n };

/** @throws Error when it is no log, or ends before its last entry */
export function parseWriteLog(log: Buffer): LogEntry[] {
  if (log.length < 28 || log.readBigUInt64LE(0) !== magic) throw new Error('no log of writes');
  const version = log.readBigUInt64LE(8);
  if (version !== 1n) throw new Error(`a log of version ${version}`);
  const count = Number(log.readBigUInt64LE(16));
  const sector = log.readUInt32LE(24);
  if (sector < 512 || (sector & (sector - 1)) !== 0) throw new Error(`sectors of ${sector} bytes`);
  const entries: LogEntry[] = [];
  let at = sector;
  while (entries.length < count) {
    if (at + sector > log.length) throw new Error(`the log ends at entry ${entries.length} of ${count}`);
    const bytes = Number(log.readBigUInt64LE(at + 8)) * sector;
    const flag = log.readBigUInt64LE(at + 16);
    const isDiscard = (flag & flags.discard) !== 0n;
    const kept = (flag & flags.mark) !== 0n ? Number(log.readBigUInt64LE(at + 24)) : isDiscard ? 0 : bytes;
    const start = at + sector;
    if (start + kept > log.length) throw new Error(`the log ends in entry ${entries.length} of ${count}`);
    entries.push({
      offset: Number(log.readBigUInt64LE(at)) * sector,
      data: isDiscard
        ? new Uint8Array(bytes)
        : log.subarray(start, start + ((flag & flags.mark) === 0n ? bytes : 0)),
      flush: (flag & flags.flush) !== 0n,
      fua: (flag & flags.fua) !== 0n,
    });
    at = start + Math.ceil(kept / sector) * sector;
  }
  return entries;
}
