import type { TreeFile } from './walk-tree.ts';

/** How a tree differs from the digests of its .deb. */
export interface TreeChanges {
  /** Files that were compared. */
  compared: number;
  changed: string[];
  missing: string[];
  /** Regular files that the .deb does not have; empty ones are places to mount on, made at installation. */
  added: string[];
}

/** Reads deb-md5sums(5): path to MD5, of the paths below a prefix, without it. Lines that are none are left out. */
export function parseMd5sums(text: string, prefix: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{32}) {2}(.+)$/.exec(line);
    const [, md5 = '', path = ''] = match ?? [];
    if (path.startsWith(prefix)) sums.set(path.slice(prefix.length), md5);
  }
  return sums;
}

export function compareTree(found: readonly TreeFile[], expected: ReadonlyMap<string, string>): TreeChanges {
  const left = new Map(expected);
  const changes: TreeChanges = { compared: 0, changed: [], missing: [], added: [] };
  for (const { path, type, md5, size } of found) {
    const wanted = left.get(path);
    left.delete(path);
    if (wanted === undefined) {
      if (type === 'file' && size > 0) changes.added.push(path);
      continue;
    }
    changes.compared++;
    if (md5 !== wanted) changes.changed.push(path);
  }
  changes.missing.push(...left.keys());
  return changes;
}
