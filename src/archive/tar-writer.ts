import { ProdngError } from '../error/prodng-error.ts';
import type { TarEntry, TarType } from './entry.ts';
import { printable } from './entry-path.ts';
import { BLOCK } from './tar-header.ts';
import { padding } from './tar-reader.ts';

const typeflags: Readonly<Record<TarType, string | undefined>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  directory: '5',
  // A .deb of ours holds none, and a number for a device has no place in TarEntry.
  character: undefined,
  block: undefined,
  fifo: undefined,
};

/**
 * Writes the header of an entry in GNU tar format, as dpkg-deb does: names begin with `./`, long ones go into `L`
 * and `K` headers, large numbers into base 256. Never PAX: dpkg refuses it in data.tar. Equal entries give equal
 * bytes.
 *
 * @returns one block or more; for a file, `entry.size` bytes of content and `contentPadding` follow it
 * @throws ProdngError TAR_FORMAT for devices, fifos and numbers that do not fit
 */
export function encodeEntryHeader(entry: TarEntry): Buffer {
  const name = Buffer.from(tarName(entry));
  const link = Buffer.from(linkName(entry));
  const blocks: Buffer[] = [];
  // GNU tar fills the 100 bytes of a name without a NUL; a longer one is in a header of its own.
  if (link.length > 100) blocks.push(longHeader('K', link));
  if (name.length > 100) blocks.push(longHeader('L', name));
  blocks.push(header(entry, name, link));
  return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
}

/** Bytes that an entry takes in the archive: headers, content, padding. */
export function entrySize(entry: TarEntry): number {
  let size = BLOCK;
  for (const bytes of [Buffer.byteLength(tarName(entry)), Buffer.byteLength(linkName(entry))]) {
    if (bytes > 100) size += BLOCK + bytes + 1 + padding(bytes + 1);
  }
  return entry.type === 'file' ? size + entry.size + padding(entry.size) : size;
}

/** The zeros after `size` bytes of content. */
export function contentPadding(size: number): Buffer {
  return Buffer.alloc(padding(size));
}

/** The two zero blocks that end an archive. */
export const endOfArchive: Buffer = Buffer.alloc(2 * BLOCK);

function tarName(entry: TarEntry): string {
  if (entry.path === '.') return './';
  return entry.type === 'directory' ? `./${entry.path}/` : `./${entry.path}`;
}

function linkName(entry: TarEntry): string {
  return entry.type === 'hardlink' ? `./${entry.linkPath}` : entry.linkPath;
}

function header(entry: TarEntry, name: Buffer, link: Buffer): Buffer {
  const typeflag = typeflags[entry.type];
  if (typeflag === undefined) {
    throw new ProdngError('TAR_FORMAT', `${printable(entry.path)}: a ${entry.type} cannot be written`);
  }
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, 100);
  link.copy(block, 157, 0, 100);
  putNumber(block, 100, 8, entry.mode);
  putNumber(block, 108, 8, entry.uid);
  putNumber(block, 116, 8, entry.gid);
  putNumber(block, 124, 12, entry.type === 'file' ? entry.size : 0);
  putNumber(block, 136, 12, entry.mtime);
  block.write(typeflag, 156, 'latin1');
  putName(block, 265, entry.uname);
  putName(block, 297, entry.gname);
  return seal(block);
}

function longHeader(typeflag: 'L' | 'K', name: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write('././@LongLink', 0, 'latin1');
  putNumber(block, 100, 8, 0o644);
  putNumber(block, 108, 8, 0);
  putNumber(block, 116, 8, 0);
  putNumber(block, 124, 12, name.length + 1);
  putNumber(block, 136, 12, 0);
  block.write(typeflag, 156, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  return Buffer.concat([seal(block), name, Buffer.alloc(1), contentPadding(name.length + 1)]);
}

/** Octal digits and a NUL, or base 256 when they do not fit: what GNU tar writes. */
function putNumber(block: Buffer, offset: number, length: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new ProdngError('TAR_FORMAT', `not a number: ${value}`);
  const digits = value.toString(8);
  if (digits.length < length) {
    block.write(digits.padStart(length - 1, '0'), offset, 'latin1');
    return;
  }
  block[offset] = 0x80;
  let rest = value;
  for (let index = length - 1; index > 0; index--) {
    block[offset + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function putName(block: Buffer, offset: number, name: string): void {
  const bytes = Buffer.from(name);
  if (bytes.length > 31) throw new ProdngError('TAR_FORMAT', `${printable(name)}: longer than 31 bytes`);
  bytes.copy(block, offset);
}

function seal(block: Buffer): Buffer {
  block.write('ustar  \0', 257, 'latin1');
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
