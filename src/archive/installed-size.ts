import type { TarEntry } from './entry.ts';

/**
 * The Installed-Size of these entries in KiB, by the rule of Policy 5.6.20 as dpkg-gencontrol carries it out: regular
 * files and symbolic links rounded up to whole KiB, hard links once, 1 KiB for anything else.
 */
export function installedSizeKiB(entries: Iterable<TarEntry>): number {
  let total = 0;
  for (const { type, size, linkPath } of entries) {
    if (type === 'file') total += Math.ceil(size / 1024);
    else if (type === 'symlink') total += Math.ceil(Buffer.byteLength(linkPath) / 1024);
    else if (type !== 'hardlink') total += 1;
  }
  return total;
}
