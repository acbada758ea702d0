import type { ListedFile } from './listed-file.ts';

/** What differs within a file's content, for people. */
export interface ContentDetail {
  /** `text` after decompression when `unpackedWith` says so. */
  kind: 'text' | 'elf' | 'binary' | 'too-large';
  unpackedWith?: 'gz' | 'xz' | 'zstd';
  /** A unified diff, without its two heads; possibly cut. */
  diff?: string;
  /** How many lines of the diff are not shown. */
  omitted?: number;
  /** One line each: sections, NEEDED, symbols, the first byte that differs. */
  lines?: string[];
}

/** One path that differs. */
export interface FileChange {
  path: string;
  kind: 'added' | 'removed' | 'changed';
  old?: ListedFile;
  new?: ListedFile;
  /** Which attributes differ, for `changed`. */
  differs: ('type' | 'mode' | 'owner' | 'size' | 'target' | 'content' | 'hard link')[];
  detail?: ContentDetail;
}

/** The paths that differ in anything but time, sorted. */
export function compareFiles(
  before: ReadonlyMap<string, ListedFile>,
  after: ReadonlyMap<string, ListedFile>,
): FileChange[] {
  const changes: FileChange[] = [];
  for (const [path, old] of before) {
    const now = after.get(path);
    if (now === undefined) changes.push({ path, kind: 'removed', old, differs: [] });
    else {
      const differs = differences(old, now);
      if (differs.length > 0) changes.push({ path, kind: 'changed', old, new: now, differs });
    }
  }
  for (const [path, now] of after)
    if (!before.has(path)) changes.push({ path, kind: 'added', new: now, differs: [] });
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function differences(old: ListedFile, now: ListedFile): FileChange['differs'] {
  const differs: FileChange['differs'] = [];
  if (old.type !== now.type) differs.push('type');
  // the mode of a symbolic link means nothing
  if (old.mode !== now.mode && old.type === now.type && old.type !== 'symlink') differs.push('mode');
  if (
    old.uid !== now.uid ||
    old.gid !== now.gid ||
    !sameName(old.uname, now.uname) ||
    !sameName(old.gname, now.gname)
  )
    differs.push('owner');
  if (old.type !== now.type) return differs;
  if (old.size !== now.size) differs.push('size');
  if (old.target !== now.target) differs.push('target');
  if (old.content !== now.content) differs.push('content');
  if (old.linkedTo !== now.linkedTo) differs.push('hard link');
  return differs;
}

/** A folder knows no names. */
function sameName(old: string, now: string): boolean {
  return old === '' || now === '' || old === now;
}
