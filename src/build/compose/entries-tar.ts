import { createReadStream } from 'node:fs';
import type { SegmentEntry } from '../../archive/segment.ts';
import { contentPadding, encodeEntryHeader, endOfArchive } from '../../archive/tar-writer.ts';

/** The plain tar of the entries, in their order: what tools of a build jail are fed with. */
export async function* entriesTar(entries: readonly SegmentEntry[]): AsyncGenerator<Uint8Array> {
  for (const { entry, content } of entries) {
    yield encodeEntryHeader(entry);
    if (content === undefined) continue;
    if (Buffer.isBuffer(content)) yield content;
    else if (content.size > 0) {
      const end = content.offset + content.size - 1;
      yield* createReadStream(content.path, { start: content.offset, end }) as AsyncIterable<Buffer>;
    }
    yield contentPadding(entry.size);
  }
  yield endOfArchive;
}
