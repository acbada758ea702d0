import type { SegmentEntry, TarSegment } from './segment.ts';
import { entrySize } from './tar-writer.ts';

/** Entries that are compressed together, apart from all others. */
export interface BlockGroup {
  entries: SegmentEntry[];
  /** Bytes of plain tar. */
  size: number;
}

/**
 * Puts segments into groups: a large one, or one that wants it, is alone; small neighbours share a group up to
 * `limit` bytes, because xz learns little from a few KiB. A segment that changes its size moves the borders of small neighbours only, as far
 * as the next large one.
 *
 * @param limit bytes of plain tar; a segment of half of it is large
 */
export function groupSegments(segments: readonly TarSegment[], limit: number): BlockGroup[] {
  const groups: BlockGroup[] = [];
  let open: BlockGroup | undefined;
  for (const { entries, apart = false } of segments) {
    const size = entries.reduce((sum, { entry }) => sum + entrySize(entry), 0);
    if (size === 0) continue;
    const joins = !apart && size < limit / 2;
    if (joins && open !== undefined && open.size + size <= limit) {
      for (const entry of entries) open.entries.push(entry);
      open.size += size;
      continue;
    }
    const group = { entries: [...entries], size };
    groups.push(group);
    open = joins ? group : undefined;
  }
  return groups;
}
