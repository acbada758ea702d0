import type { ListedFile } from '../../verify/diff/listed-file.ts';
import { directoryEnd, type MetadataTable, readIndexed, readTable } from './metadata.ts';
import { malformed, offsetAt, type ReadAt, readSuperblock, type Superblock } from './superblock.ts';

/** A block of a file's content, or a fragment: where it is, and whether it is compressed. */
export interface DataBlock {
  offset: number;
  /** Bytes on the disk; 0 for a block of zeros. */
  size: number;
  isPacked: boolean;
}

/** Where the content of a regular file is. */
export interface FileContent {
  size: number;
  blocks: DataBlock[];
  /** Which fragment has the end of the file, and at which offset. */
  tail?: { fragment: number; offset: number };
}

export interface SquashfsTree {
  superblock: Superblock;
  /** By their path: `/`, `/etc/hostname`. */
  files: Map<string, ListedFile>;
  /** Of regular files, by path. Names of one file have the same object. */
  contents: Map<string, FileContent>;
  fragments: DataBlock[];
}

const unpacked = 1 << 24;
const noFragment = 0xffff_ffff;
const longestPath = 4096;
/** Names that files have besides their first. */
const mostExtraNames = 65_536;
const types = ['directory', 'file', 'symlink', 'block', 'character', 'fifo'] as const;

/** Reads all inodes of a squashfs; hostile ones too. @throws ProdngError IMAGE, COMPRESSION */
export async function readTree(read: ReadAt): Promise<SquashfsTree> {
  const superblock = await readSuperblock(read);
  const { inodeTable, directoryTable, idTable, ids, fragmentTable } = superblock;
  const inodes = await readTable(read, inodeTable, directoryTable);
  const idEntries = await readIndexed(read, idTable, ids, 4);
  const fragmentEntries = await readIndexed(read, fragmentTable, superblock.fragments, 16);
  const end = await directoryEnd(read, superblock, fragmentEntries.first);
  const directories = await readTable(read, directoryTable, end);
  const fragments: DataBlock[] = [];
  for (let at = 0; at < fragmentEntries.entries.length; at += 16) {
    const entry = fragmentEntries.entries.subarray(at, at + 16);
    fragments.push(blockAt(offsetAt(entry, 0), entry.readUInt32LE(8)));
  }
  const walk = new Walk(superblock, inodes, directories, idEntries.entries);
  try {
    walk.add('/', superblock.rootInode.block, superblock.rootInode.offset);
  } catch (error) {
    // Buffer's own, when a table ends within an inode
    if (error instanceof RangeError) throw malformed('a table is cut off');
    throw error;
  }
  return { superblock, files: walk.files, contents: walk.contents, fragments };
}

class Walk {
  readonly files = new Map<string, ListedFile>();
  readonly contents = new Map<string, FileContent>();
  readonly #superblock: Superblock;
  readonly #inodes: MetadataTable;
  readonly #directories: MetadataTable;
  readonly #ids: Buffer;
  /** The first path of a file with several names, by the number of its inode. */
  readonly #first = new Map<number, string>();

  constructor(superblock: Superblock, inodes: MetadataTable, directories: MetadataTable, ids: Buffer) {
    this.#superblock = superblock;
    this.#inodes = inodes;
    this.#directories = directories;
    this.#ids = ids;
  }

  add(path: string, block: number, offset: number): void {
    // a folder that is within itself ends here as well
    if (this.files.size > this.#superblock.inodes + mostExtraNames || path.length > longestPath)
      throw malformed('too many paths');
    const inode = this.#inodes.from(block, offset);
    const kind = inode.readUInt16LE(0);
    const isExtended = kind > 7;
    // sockets are no part of an image
    const type = types[(kind - 1) % 7];
    if (kind < 1 || kind > 14) throw malformed(`an inode of kind ${kind}`);
    if (type === undefined) return;
    const file: ListedFile = {
      type,
      mode: inode.readUInt16LE(2) & 0o7777,
      uid: this.#ids.readUInt32LE(inode.readUInt16LE(4) * 4),
      gid: this.#ids.readUInt32LE(inode.readUInt16LE(6) * 4),
      uname: '',
      gname: '',
      size: 0,
      target: '',
      content: '',
    };
    this.files.set(path, file);
    if (type === 'symlink') file.target = inode.toString('utf8', 24, 24 + sizeAt(inode, 20, longestPath));
    if (type === 'file') this.#addFile(path, file, inode, isExtended);
    if (type === 'directory') this.#addEntries(path, inode, isExtended);
  }

  #addFile(path: string, file: ListedFile, inode: Buffer, isExtended: boolean): void {
    const number = inode.readUInt32LE(12);
    const first = this.#first.get(number);
    const content = this.contents.get(first ?? '') ?? this.#contentOf(inode, isExtended);
    file.size = content.size;
    this.contents.set(path, content);
    if (first === undefined) this.#first.set(number, path);
    else file.linkedTo = first;
  }

  #contentOf(inode: Buffer, isExtended: boolean): FileContent {
    const { blockSize } = this.#superblock;
    const start = isExtended ? offsetAt(inode, 16) : inode.readUInt32LE(16);
    const size = isExtended ? offsetAt(inode, 24) : inode.readUInt32LE(28);
    const fragment = inode.readUInt32LE(isExtended ? 44 : 20);
    const offset = inode.readUInt32LE(isExtended ? 48 : 24);
    const hasTail = fragment !== noFragment;
    const count = hasTail ? Math.floor(size / blockSize) : Math.ceil(size / blockSize);
    const list = inode.subarray(isExtended ? 56 : 32);
    const blocks: DataBlock[] = [];
    let at = start;
    for (let index = 0; index < count; index += 1) {
      const block = blockAt(at, list.readUInt32LE(index * 4));
      blocks.push(block);
      at += block.size;
    }
    return { size, blocks, ...(hasTail ? { tail: { fragment, offset } } : {}) };
  }

  #addEntries(path: string, inode: Buffer, isExtended: boolean): void {
    const block = inode.readUInt32LE(isExtended ? 24 : 16);
    // three bytes stand for . and .., which are not listed
    const size = (isExtended ? inode.readUInt32LE(20) : inode.readUInt16LE(24)) - 3;
    if (size <= 0) return;
    const offset = inode.readUInt16LE(isExtended ? 34 : 26);
    const listing = this.#directories.from(block, offset).subarray(0, size);
    if (listing.length !== size) throw malformed('a folder is cut off');
    const base = path === '/' ? '' : path;
    for (let at = 0; at < listing.length; ) {
      const entries = listing.readUInt32LE(at) + 1;
      const inodeBlock = listing.readUInt32LE(at + 4);
      at += 12;
      for (let index = 0; index < entries; index += 1) {
        const length = listing.readUInt16LE(at + 6) + 1;
        const name = listing.toString('utf8', at + 8, at + 8 + length);
        if (at + 8 + length > listing.length || /[/\0]/.test(name) || /^\.{0,2}$/.test(name))
          throw malformed('the name of a file');
        const child = `${base}/${name}`;
        if (this.files.has(child)) throw malformed(`${child} is there twice`);
        this.add(child, inodeBlock, listing.readUInt16LE(at));
        at += 8 + length;
      }
    }
  }
}

function blockAt(offset: number, size: number): DataBlock {
  return { offset, size: size & (unpacked - 1), isPacked: (size & unpacked) === 0 };
}

function sizeAt(inode: Buffer, at: number, most: number): number {
  const size = inode.readUInt32LE(at);
  if (size > most) throw malformed('the length of a link');
  return size;
}
