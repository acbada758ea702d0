import { open } from 'node:fs/promises';
import { readAt } from '../../archive/ar.ts';
import { openDeb } from '../../archive/deb-reader.ts';
import type { TarEntry } from '../../archive/entry.ts';
import { shownPath } from '../diff/jail-path.ts';

const piece = 262_144;
const mostTimes = 50;

/**
 * Says where the bytes of two .debs part: the member and the offset in it.
 *
 * @returns one line for each member that differs
 * @throws what openDeb throws
 */
export async function memberDifferences(oldPath: string, newPath: string): Promise<string[]> {
  const [old, now] = [await openDeb(oldPath), await openDeb(newPath)];
  const [oldFile, newFile] = [await open(oldPath), await open(newPath)];
  const lines: string[] = [];
  try {
    for (const [index, member] of old.members.slice(0, 3).entries()) {
      const other = now.members[index];
      if (other === undefined) continue;
      const { name } = member;
      if (other.name !== name) lines.push(`${name} is ${other.name} in the rebuild`);
      if (other.mtime !== member.mtime)
        lines.push(`${name}: the time in its header is ${member.mtime}, ${other.mtime} in the rebuild`);
      const length = Math.min(member.size, other.size);
      for (let at = 0; at < length; at += piece) {
        const size = Math.min(piece, length - at);
        const [a, b] = [
          await readAt(oldFile, member.offset + at, size),
          await readAt(newFile, other.offset + at, size),
        ];
        if (a.equals(b)) continue;
        const first = a.findIndex((byte, offset) => byte !== b[offset]);
        lines.push(
          `${name}: ${member.size} bytes, ${other.size} in the rebuild; the first that differs is ${at + first}`,
        );
        break;
      }
    }
    return lines;
  } finally {
    await Promise.all([old.close(), now.close(), oldFile.close(), newFile.close()]);
  }
}

/** The paths whose time stamps differ, as lines: a comparison for review leaves them out. */
export async function timeDifferences(oldPath: string, newPath: string): Promise<string[]> {
  const [old, now] = [await timesOf(oldPath), await timesOf(newPath)];
  const lines: string[] = [];
  for (const [path, time] of old) {
    const other = now.get(path);
    if (other === undefined || other === time) continue;
    if (lines.length === mostTimes) return [...lines, 'more times differ'];
    lines.push(`${path}: dated ${date(time)}, ${date(other)} in the rebuild`);
  }
  return lines;
}

async function timesOf(path: string): Promise<Map<string, TarEntry['mtime']>> {
  const deb = await openDeb(path);
  try {
    const times = new Map<string, number>();
    for await (const { entry } of deb.data({ transient: true }))
      times.set(shownPath(entry.path), entry.mtime);
    return times;
  } finally {
    await deb.close();
  }
}

function date(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString();
}
