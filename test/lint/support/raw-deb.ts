import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { AR_MAGIC, arPadding, encodeArHeader } from '../../../src/archive/ar.ts';
import type { TarEntry } from '../../../src/archive/entry.ts';
import { contentPadding, encodeEntryHeader, endOfArchive } from '../../../src/archive/tar-writer.ts';

/** An entry of a tar archive with all of its content. */
export interface RawEntry {
  entry: TarEntry;
  content: Buffer;
}

export interface RawDeb {
  /** Of control.tar, without its root. */
  control: readonly RawEntry[];
  data: readonly RawEntry[];
  compression: 'gz' | 'xz' | 'none';
}

/** Writes a .deb byte by byte, whatever is wrong with it: no writer of ours would. */
export function writeRawDeb(path: string, { control, data, compression }: RawDeb): void {
  const suffix = compression === 'none' ? '' : `.${compression}`;
  const root: TarEntry = { ...plainEntry('.', 0), type: 'directory', mode: 0o755 };
  const members = [
    ['debian-binary', Buffer.from('2.0\n')],
    [
      `control.tar${suffix}`,
      compress(tarArchive([{ entry: root, content: Buffer.alloc(0) }, ...control]), compression),
    ],
    [`data.tar${suffix}`, compress(tarArchive(data), compression)],
  ] as const;
  writeFileSync(path, arArchive(members));
}

/** A regular file of root's. */
export function plainEntry(path: string, size: number): TarEntry {
  const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root' };
  return { path, type: 'file', mode: 0o644, ...owner, mtime: 0, size, linkPath: '' };
}

function tarArchive(entries: readonly RawEntry[]): Buffer {
  const pieces = entries.flatMap(({ entry, content }) => [
    headerOf(entry),
    ...(entry.type === 'file' ? [content, contentPadding(content.length)] : []),
  ]);
  return Buffer.concat([...pieces, endOfArchive]);
}

const specialTypes: Readonly<Record<string, string>> = { character: '3', block: '4', fifo: '6' };

/** Devices and fifos are written as empty files, and given their type afterwards. */
function headerOf(entry: TarEntry): Buffer {
  const flag = specialTypes[entry.type];
  if (flag === undefined) return encodeEntryHeader(entry);
  const bytes = encodeEntryHeader({ ...entry, type: 'file' });
  const header = bytes.subarray(bytes.length - 512);
  header.write(flag, 156, 'latin1');
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

function compress(bytes: Buffer, how: 'gz' | 'xz' | 'none'): Buffer {
  if (how === 'none') return bytes;
  return how === 'gz' ? gzipSync(bytes) : execFileSync('xz', ['-0', '-c'], { input: bytes });
}

function arArchive(members: readonly (readonly [string, Buffer])[]): Buffer {
  const pieces = members.flatMap(([name, bytes]) => [
    encodeArHeader(name, bytes.length, 0),
    bytes,
    arPadding(bytes.length),
  ]);
  return Buffer.concat([AR_MAGIC, ...pieces]);
}
