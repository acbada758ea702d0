import { ProdngError } from '../../error/prodng-error.ts';

/** Reads bytes of a squashfs. @throws ProdngError IMAGE past its end */
export type ReadAt = (offset: number, size: number) => Promise<Buffer>;

/** What of the superblock is needed to read the files (Documentation/filesystems/squashfs.rst). Offsets are bytes. */
export interface Superblock {
  blockSize: number;
  inodes: number;
  fragments: number;
  ids: number;
  /** Block and offset in the table of inodes. */
  rootInode: { block: number; offset: number };
  /** Bytes of all. */
  size: number;
  idTable: number;
  inodeTable: number;
  directoryTable: number;
  fragmentTable: number;
  /** The indices of the tables of ids, of extended attributes and for NFS, as far as there are any. */
  indexedTables: number[];
}

/** All ones: there is no such table. */
const absent = 0xffff_ffff_ffff_ffffn;
const zstd = 6;
/** Of files, folders and so on: more than any base image has. */
const mostInodes = 1_000_000;

export function malformed(why: string): ProdngError {
  return new ProdngError('IMAGE', `the root of the image is no squashfs that can be read: ${why}`);
}

/** @throws ProdngError IMAGE for anything but squashfs 4.0 compressed with zstd */
export async function readSuperblock(read: ReadAt): Promise<Superblock> {
  const bytes = await read(0, 96);
  if (bytes.toString('latin1', 0, 4) !== 'hsqs') throw malformed('it has no magic number');
  if (bytes.readUInt16LE(28) !== 4 || bytes.readUInt16LE(30) !== 0) throw malformed('its version is not 4.0');
  if (bytes.readUInt16LE(20) !== zstd) throw malformed('it is not compressed with zstd');
  const size = offsetAt(bytes, 40);
  const table = (at: number): number => {
    const offset = offsetAt(bytes, at);
    if (offset < 96 || offset >= size) throw malformed('a table is outside of it');
    return offset;
  };
  const optional = (at: number): number[] => (bytes.readBigUInt64LE(at) === absent ? [] : [table(at)]);
  const blockSize = bytes.readUInt32LE(12);
  if (blockSize < 4096 || blockSize > 2 ** 20 || (blockSize & (blockSize - 1)) !== 0)
    throw malformed('the size of its blocks');
  const inodes = bytes.readUInt32LE(4);
  if (inodes > mostInodes) throw malformed(`${inodes} inodes`);
  const root = bytes.readBigUInt64LE(32);
  return {
    blockSize,
    inodes,
    fragments: bytes.readUInt32LE(16),
    ids: bytes.readUInt16LE(26),
    rootInode: { block: Number(root >> 16n), offset: Number(root & 0xffffn) },
    size,
    idTable: table(48),
    inodeTable: table(64),
    directoryTable: table(72),
    fragmentTable: bytes.readUInt32LE(16) === 0 ? 0 : table(80),
    indexedTables: [...optional(48), ...optional(56), ...optional(88)],
  };
}

/** A 64-bit offset as a number. @throws ProdngError IMAGE when it is larger than any image */
export function offsetAt(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > 2n ** 40n) throw malformed('an offset in it is too large');
  return Number(value);
}
