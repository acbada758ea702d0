import { createHash } from 'node:crypto';
import { openDeb } from '../archive/deb-reader.ts';
import type { TreeFile } from './collect/walk-tree.ts';

/** A difference between a tree and its .deb. */
export interface TreeDifference {
  path: string;
  what: string;
}

/**
 * Compares a tree with the .deb that it was unpacked from: types, modes, owners, sizes, SHA-256, targets of links, and
 * what is in one only. Empty folders and files that the .deb lacks are places to mount on.
 *
 * @param prefix what paths of the tree begin with in the .deb, with the last slash
 * @throws ProdngError what openDeb throws
 */
export async function compareWithDeb(
  found: readonly TreeFile[],
  path: string,
  prefix: string,
): Promise<{ compared: number; differences: TreeDifference[] }> {
  const left = new Map(found.map((file) => [file.path, file]));
  const differences: TreeDifference[] = [];
  let compared = 0;
  const deb = await openDeb(path);
  try {
    for await (const { entry, content } of deb.data({ transient: true })) {
      if (!entry.path.startsWith(prefix)) continue;
      const name = entry.path.slice(prefix.length);
      const file = left.get(name);
      left.delete(name);
      compared++;
      if (file === undefined) {
        differences.push({ path: name, what: 'is missing' });
        continue;
      }
      const hash = createHash('sha256');
      for await (const piece of content) hash.update(piece);
      const type = entry.type === 'hardlink' ? 'file' : entry.type;
      const facts: [string, unknown, unknown][] = [
        ['type', file.type, type],
        ['owner', `${file.uid}:${file.gid}`, `${entry.uid}:${entry.gid}`],
        ...(type === 'symlink'
          ? []
          : [['mode', file.mode.toString(8), entry.mode.toString(8)] as [string, string, string]]),
        ...(type === 'symlink' ? [['target', file.link, entry.linkPath] as [string, unknown, unknown]] : []),
        ...(entry.type === 'file'
          ? [['content', file.sha256, hash.digest('hex')] as [string, unknown, unknown]]
          : []),
      ];
      for (const [what, is, was] of facts)
        if (is !== was)
          differences.push({ path: name, what: `${what} is ${String(is)}, in the .deb ${String(was)}` });
    }
  } finally {
    await deb.close();
  }
  for (const { path: name, type, size } of left.values())
    if (type !== 'directory' && (type !== 'file' || size > 0))
      differences.push({ path: name, what: 'is not of the .deb' });
  return { compared, differences };
}
