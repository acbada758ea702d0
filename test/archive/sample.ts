import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebContents, SegmentEntry, TarSegment } from '../../src/archive/deb-writer.ts';
import type { TarEntry } from '../../src/archive/entry.ts';

export const MTIME = 1_700_000_000;

export function entryOf(path: string, more: Partial<TarEntry> = {}): TarEntry {
  return {
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    uname: 'root',
    gname: 'root',
    mtime: MTIME - 1000,
    size: 0,
    linkPath: '',
    ...more,
  };
}

export function folderOf(path: string): SegmentEntry {
  return { entry: entryOf(path, { type: 'directory', mode: 0o755 }) };
}

export function fileOf(path: string, content: Buffer | string, mode = 0o644): SegmentEntry {
  const bytes = Buffer.from(content);
  const entry = entryOf(path, { size: bytes.length, mode });
  return bytes.length === 0 ? { entry } : { entry, content: bytes };
}

export function linkOf(
  path: string,
  type: 'symlink' | 'hardlink',
  linkPath: string,
  mode = type === 'symlink' ? 0o777 : 0o644,
): SegmentEntry {
  return { entry: entryOf(path, { type, linkPath, mode }) };
}

const long = 'l'.repeat(90);
export const longPath: string = `usr/share/${long}/${long}/${'f'.repeat(200)}`;
export const strangePath = 'usr/share/Grüße – 日本語 \u{1f427} "quoted" $x';
/** One byte more than a header holds, and exactly as much. */
export const edgePaths: string[] = [`usr/share/${'e'.repeat(88)}`, `usr/share/${'e'.repeat(89)}`];

/**
 * Segments with all that a .deb of ours may hold. The third one is larger than a block and lies in a file; the
 * fourth is empty.
 */
export function sampleSegments(folder: string): TarSegment[] {
  const store = join(folder, 'store.bin');
  const piece = randomBytes(65_536);
  const size = 20 * 2 ** 20 + 77;
  writeFileSync(
    store,
    Buffer.concat([Buffer.from('before'), Buffer.alloc(size, piece), Buffer.from('after')]),
  );
  return [
    {
      name: 'base',
      entries: [
        folderOf('.'),
        folderOf('etc'),
        fileOf('etc/empty', ''),
        fileOf('etc/passwd', 'root:x:0:0::/:\n', 0o600),
        folderOf('usr'),
        folderOf('usr/bin'),
        fileOf('usr/bin/tool', randomBytes(3000), 0o755),
        linkOf('usr/bin/tool-1', 'hardlink', 'usr/bin/tool', 0o755),
        linkOf('usr/bin/tool-2', 'symlink', 'tool'),
      ],
    },
    {
      name: 'names',
      entries: [
        folderOf('usr/share'),
        fileOf(strangePath, 'strange\n'),
        ...edgePaths.map((path) => fileOf(path, path)),
        folderOf(`usr/share/${long}`),
        folderOf(`usr/share/${long}/${long}`),
        fileOf(longPath, 'far away\n'),
        linkOf(`${longPath}-hard`, 'hardlink', longPath),
        linkOf(`${longPath}-soft`, 'symlink', `/${'t'.repeat(300)}`),
      ].toSorted((a, b) => (a.entry.path < b.entry.path ? -1 : 1)),
    },
    {
      name: 'large',
      entries: [
        folderOf('usr/lib'),
        { entry: entryOf('usr/lib/large.bin', { size }), content: { path: store, offset: 6, size } },
      ],
    },
    { name: 'nothing', entries: [] },
    { name: 'own', entries: [folderOf('opt'), fileOf('opt/service', 'print("hello")\n')], apart: true },
  ];
}

export function contentsOf(segments: TarSegment[], blockCache: string): DebContents {
  return {
    segments,
    mtime: MTIME,
    blockCache,
    control: ({ installedSizeKiB }) =>
      [
        'Package: sample',
        'Version: 1.0-1',
        'Architecture: all',
        'Maintainer: A Maintainer <maintainer@example.org>',
        `Installed-Size: ${installedSizeKiB}`,
        'Jail-Format: 1',
        'Description: all that a .deb may hold',
        '',
      ].join('\n'),
  };
}
