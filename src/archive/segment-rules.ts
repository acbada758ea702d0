import { ProdngError } from '../error/prodng-error.ts';
import type { TarEntry } from './entry.ts';
import { printable } from './entry-path.ts';
import type { SegmentEntry, TarSegment } from './segment.ts';

/**
 * Checks that segments make one archive which every reader takes in the same way: `.` comes first, a folder before
 * what is in it, a hard link's file before the link and with the same mode, owner and time, no path twice; and that
 * within a segment paths ascend in the order of JavaScript strings, so that equal contents give equal bytes.
 *
 * @throws ProdngError ENTRY_REFUSED with segment and entry
 */
export function checkSegments(segments: readonly TarSegment[]): void {
  const seen = new Map<string, TarEntry>();
  for (const { name, entries } of segments) {
    let before: string | undefined;
    for (const each of entries) {
      const fault = faultOf(each, before, seen);
      if (fault !== undefined) {
        const path = printable(each.entry.path);
        throw new ProdngError('ENTRY_REFUSED', `${printable(name)}: ${path}: ${fault}`);
      }
      before = each.entry.path;
      seen.set(before, each.entry);
    }
  }
  if (seen.size === 0) throw new ProdngError('ENTRY_REFUSED', 'an archive without entries');
}

function faultOf(
  { entry, content }: SegmentEntry,
  before: string | undefined,
  seen: ReadonlyMap<string, TarEntry>,
): string | undefined {
  const { path, type, size, linkPath } = entry;
  if (seen.has(path)) return 'duplicate path';
  if (before !== undefined && path <= before) return `it comes after ${printable(before)}: not sorted`;
  if (path === '.' && type !== 'directory') return 'the root is not a folder';
  if (path !== '.' && seen.get(folderOf(path))?.type !== 'directory') return 'its folder does not precede it';
  // dpkg keeps its lists of files by lines, and so does md5sums.
  if (path.includes('\n')) return 'a name with a newline, which dpkg refuses';
  if (type === 'hardlink') {
    const file = seen.get(linkPath);
    if (file?.type !== 'file') return `a hard link to ${printable(linkPath)}, which is no file before it`;
    // Who unpacks it may set either: dpkg and tar take the link's.
    if (!sameInode(entry, file)) return `mode, owner or time differ from those of ${printable(linkPath)}`;
  }
  const given = type === 'file' ? size : 0;
  const length = content === undefined ? 0 : Buffer.isBuffer(content) ? content.length : content.size;
  return length === given ? undefined : `${length} bytes of content instead of ${given}`;
}

function sameInode(link: TarEntry, file: TarEntry): boolean {
  return (
    link.mode === file.mode && link.uid === file.uid && link.gid === file.gid && link.mtime === file.mtime
  );
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '.' : path.slice(0, slash);
}
