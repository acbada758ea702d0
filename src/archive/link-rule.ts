import type { TarEntry } from './entry.ts';
import { printable, refuse } from './entry-path.ts';

/**
 * `any`: the text of a symbolic link does not matter. Otherwise a link must lead, by its text, to a place in the tree;
 * beneath the folder `root` an absolute link counts from there and no link may leave it: `root` is what a jail will
 * see as `/`.
 */
export type LinkRule = 'any' | { inside: 'tree'; root?: string };

/**
 * Judges where a symbolic link leads by its text alone: links on the way are not known yet. It guards those who look
 * at the tree later; extraction itself never follows a link.
 *
 * @throws ProdngError ENTRY_REFUSED
 */
export function checkLink(entry: TarEntry, rule: LinkRule): void {
  if (rule === 'any' || entry.type !== 'symlink') return;
  const root = rule.root?.split('/') ?? [];
  const folder = entry.path.split('/').slice(0, -1);
  const inRoot = root.length > 0 && root.every((part, index) => folder[index] === part);
  const absolute = entry.linkPath.startsWith('/');
  if (absolute && !inRoot) throw leaves(entry);
  const at = absolute ? [] : folder.slice(inRoot ? root.length : 0);
  for (const part of entry.linkPath.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') at.push(part);
    // In a chroot `/..` is `/`, so that an absolute link cannot leave; a relative one can, seen from outside.
    else if (at.pop() === undefined && !absolute) throw leaves(entry);
  }
}

function leaves(entry: TarEntry): Error {
  return refuse(entry.path, `a symbolic link out of the tree: ${printable(entry.linkPath)}`);
}
