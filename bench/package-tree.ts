import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { DebContents, SegmentEntry, TarSegment } from '../src/archive/deb-writer.ts';
import type { TarEntry } from '../src/archive/entry.ts';

const INFO = '/var/lib/dpkg/info';
const MTIME = 1_700_000_000;

/**
 * Segments like those of a jail: what installed packages have below /usr, in the order of their names, up to `bytes`
 * in all. Packages of more than a fifth of that are left out, so that every machine gives a mixture.
 */
export function packageSegments(bytes: number): TarSegment[] {
  const seen = new Set<string>();
  const segments: TarSegment[] = [{ name: 'root', entries: entriesOf(['.'], seen) }];
  let total = 0;
  for (const list of readdirSync(INFO)
    .filter((name) => name.endsWith('.list'))
    .toSorted()) {
    const paths = readFileSync(`${INFO}/${list}`, 'utf8')
      .split('\n')
      .filter((path) => path.startsWith('/usr'));
    const added = new Set(seen);
    const entries = entriesOf(paths.map((path) => path.slice(1)).toSorted(), added);
    const size = entries.reduce((sum, { entry }) => sum + entry.size, 0);
    if (entries.length === 0 || size > bytes / 5 || total + size > bytes) continue;
    for (const path of added) seen.add(path);
    segments.push({ name: list.slice(0, -5), entries });
    total += size;
  }
  if (total < bytes * 0.9) throw new Error(`only ${total} bytes of packages are installed here`);
  return segments;
}

export function contentsOf(segments: readonly TarSegment[], blockCache: string): DebContents {
  return {
    segments,
    mtime: MTIME,
    blockCache,
    control: ({ installedSizeKiB }) =>
      `Package: bench\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nInstalled-Size: ${installedSizeKiB}\nDescription: a tree of packages\n`,
  };
}

function entriesOf(paths: readonly string[], seen: Set<string>): SegmentEntry[] {
  const entries: SegmentEntry[] = [];
  for (const path of paths) {
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
    if (seen.has(path) || (path !== '.' && !seen.has(parent))) continue;
    const each = entryOf(path);
    if (each === undefined) continue;
    entries.push(each);
    seen.add(path);
  }
  return entries;
}

function entryOf(path: string): SegmentEntry | undefined {
  const stat = lstatSync(`/${path}`, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: MTIME };
  const entry: TarEntry = { path, ...owner, type: 'file', mode: stat.mode & 0o777, size: 0, linkPath: '' };
  if (stat.isDirectory()) return { entry: { ...entry, type: 'directory' } };
  if (stat.isSymbolicLink())
    return { entry: { ...entry, type: 'symlink', linkPath: readlinkSync(`/${path}`) } };
  if (!stat.isFile()) return undefined;
  const { size } = stat;
  const file = { entry: { ...entry, size } };
  return size === 0 ? file : { ...file, content: { path: `/${path}`, offset: 0, size } };
}
