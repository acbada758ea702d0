import type { TreeFile } from '../collect/walk-tree.ts';
import type { TimelineEntry } from './timeline.ts';

/** TSK's letters of file types. */
const letters: Readonly<Record<TreeFile['type'], string>> = {
  file: 'r',
  directory: 'd',
  symlink: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
  socket: 's',
};

/**
 * A body file of The Sleuth Kit 3, which mactime(1) and plaso read:
 * MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime. What is no file has only its time.
 */
export function bodyFile(entries: readonly TimelineEntry[]): string {
  return entries.map((entry) => `${line(entry).join('|')}\n`).join('');
}

function line({ time, source, text, file }: TimelineEntry): (string | number)[] {
  const seconds = Math.floor(Date.parse(time) / 1000);
  const name = `[${source}] ${text}`.replace(/[|\p{Cc}]/gu, '_');
  if (file === undefined) return [0, name, 0, '-/----------', 0, 0, 0, 0, seconds, 0, 0];
  const { md5 = 0, inode, type, mode, uid, gid, size, ctime } = file;
  const letter = letters[type];
  return [
    md5,
    name,
    inode,
    `${letter}/${letter}${permissions(mode)}`,
    uid,
    gid,
    size,
    0,
    seconds,
    Math.floor(ctime / 1000),
    0,
  ];
}

function permissions(mode: number): string {
  return [6, 3, 0]
    .map((shift) => {
      const bits = (mode >> shift) & 7;
      return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`;
    })
    .join('');
}
