import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { parseSize, sizeSyntax } from '../control/quantity.ts';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import { type ArMember, readArMembers, readAt, readRange } from './ar.ts';
import { type Compression, type DecompressOptions, decompress } from './compression.ts';
import { defaultTarLimits, type TarItem, type TarLimits } from './entry.ts';
import { printable, refuse } from './entry-path.ts';
import { MemoryFile } from './memory-file.ts';
import { readTar } from './tar-reader.ts';

export interface DebLimits extends TarLimits {
  /** Plain bytes of data.tar for each compressed one, beyond the first 512 MiB. */
  ratio: number;
}

/** Real packages stay below 60; xz packs zeros 7,000 times. */
export const defaultDebLimits: DebLimits = { ...defaultTarLimits, ratio: 250 };

/** Limits for what a build of our own made: it was bounded while it was written. */
export const ownDebLimits: DebLimits = { ...defaultTarLimits, ratio: Number.POSITIVE_INFINITY };

/** A .deb of up to that many bytes is read into memory when it is opened: one read instead of a dozen. */
const smallDeb = 2 ** 20;

/** Plain bytes that any .deb may have: a disk has room for them, and files with holes are not unheard of. */
const freeBytes = 512 * 2 ** 20;

/** A .deb opened for reading. Nothing in it is trusted; every error names the file. */
export interface DebReader {
  readonly path: string;
  /** In the order of the file. */
  readonly members: readonly ArMember[];
  readonly dataCompression: Compression;
  /** Bytes of the file before the first signature: what a rebuild must equal. */
  readonly unsignedSize: number;
  /** Bytes of the file when it was opened. */
  readonly size: number;
  /** The bytes of a part of the file. */
  range(offset: number, size: number): AsyncGenerator<Uint8Array>;
  /** The files of control.tar by name (`control`, `md5sums`, ...). They are read once. */
  controlFiles(): Promise<ReadonlyMap<string, Buffer>>;
  /** The text of the control file. */
  control(): Promise<string>;
  /**
   * The entries of data.tar in their order. With `transient`, a piece of content is only valid until the next is
   * asked for.
   */
  data(options?: DecompressOptions): AsyncGenerator<TarItem, void, undefined>;
  /** The plain bytes of data.tar. */
  dataTar(): AsyncIterable<Uint8Array>;
  /** The `_gpg*` members that debsigs appends, in their order. */
  signatureMembers(): Promise<{ name: string; bytes: Buffer }[]>;
  close(): Promise<void>;
}

const compressions: Readonly<Record<string, Compression | undefined>> = {
  '': 'none',
  '.gz': 'gz',
  '.xz': 'xz',
  '.zst': 'zstd',
};

/** Of data.tar alone, deb(5): dpkg refuses them for control.tar. */
const dataCompressions: Readonly<Record<string, Compression | undefined>> = {
  ...compressions,
  '.bz2': 'bz2',
  '.lzma': 'lzma',
};

const MAX_SIGNATURE = 1024 * 1024;
const MAX_CONTROL: TarLimits = { ...defaultTarLimits, headers: 1000, totalBytes: 64 * 2 ** 20 };

/**
 * Opens a .deb, format 2.0, deb(5): `debian-binary`, `control.tar*`, `data.tar*`, then only signatures. Other
 * members, or another order, are refused: dpkg would pass over them and we cannot say what they are for.
 *
 * @param shown the name for messages
 * @throws ProdngError IO when it cannot be opened, AR_FORMAT, DEB_FORMAT, COMPRESSION for an unsupported kind
 */
export async function openDeb(
  path: string,
  limits: DebLimits = defaultDebLimits,
  shown: string = path,
): Promise<DebReader> {
  const file = await inMemoryIfSmall(await openDebFile(path));
  try {
    return await readOpenDeb(shown, file, limits);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Closes the file when its bytes are all in memory. */
async function inMemoryIfSmall(file: FileHandle): Promise<FileHandle | MemoryFile> {
  try {
    const { size } = await file.stat();
    if (size > smallDeb) return file;
    const bytes = await readAt(file, 0, size);
    await file.close();
    return new MemoryFile(bytes);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Opens the file of a .deb, whatever is in it.
 *
 * @throws ProdngError IO when it cannot be opened or is no regular file
 */
export async function openDebFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // a FIFO would have us wait for its writer
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new ProdngError('IO', `${path}: cannot be opened: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new ProdngError('IO', `${path}: cannot be opened: it is not a regular file`);
}

/**
 * Reads a .deb from an open file; closing the reader closes the file.
 *
 * @param path the name for messages
 * @throws ProdngError as openDeb does
 */
export function readOpenDeb(
  path: string,
  file: FileHandle | MemoryFile,
  limits: DebLimits = defaultDebLimits,
): Promise<DebReader> {
  return named(path, async () => new Deb(path, file, await readLayout(file), limits));
}

interface Layout {
  size: number;
  members: ArMember[];
  control: Part;
  data: Part;
  signatures: ArMember[];
}

interface Part {
  member: ArMember;
  compression: Compression;
}

async function readLayout(file: FileHandle | MemoryFile): Promise<Layout> {
  const size = await regularSize(file);
  const members = await readArMembers(file);
  const [version, control, data, ...signatures] = members;
  if (version?.name !== 'debian-binary') throw malformed('the first member is not debian-binary');
  const format = (await readAt(file, version.offset, Math.min(version.size, 16))).toString('latin1');
  if (version.size > 16 || !/^2\.\d+\n/.test(format)) {
    throw malformed(`unknown format version ${printable(format.trim())}`);
  }
  const parts = { control: part(control, 'control.tar'), data: part(data, 'data.tar') };
  for (const { name } of signatures) {
    if (!/^_gpg[a-z]+$/.test(name)) throw malformed(`unexpected member ${name}`);
  }
  return { size, members, ...parts, signatures };
}

async function regularSize(file: FileHandle | MemoryFile): Promise<number> {
  if (file instanceof MemoryFile) return file.size;
  const stat = await file.stat();
  if (!stat.isFile()) throw new ProdngError('IO', 'not a regular file');
  return stat.size;
}

function part(member: ArMember | undefined, name: 'control.tar' | 'data.tar'): Part {
  if (member === undefined) throw malformed(`no ${name}`);
  if (!member.name.startsWith(name)) throw malformed(`found ${member.name}, expected ${name}`);
  const suffix = member.name.slice(name.length);
  const compression = ownValue(name === 'data.tar' ? dataCompressions : compressions, suffix);
  if (compression !== undefined) return { member, compression };
  throw new ProdngError('COMPRESSION', `${member.name}: compression "${suffix}" is not supported`, {
    hint: 'repack it: dpkg-deb -R FILE DIR, then dpkg-deb --root-owner-group -Zxz -b DIR FILE',
  });
}

class Deb implements DebReader {
  readonly path: string;
  readonly members: readonly ArMember[];
  readonly dataCompression: Compression;
  readonly unsignedSize: number;
  readonly size: number;
  readonly #file: FileHandle | MemoryFile;
  readonly #layout: Layout;
  readonly #limits: DebLimits;
  #controlFiles: Promise<ReadonlyMap<string, Buffer>> | undefined;

  constructor(path: string, file: FileHandle | MemoryFile, layout: Layout, limits: DebLimits) {
    this.path = path;
    this.members = layout.members;
    this.dataCompression = layout.data.compression;
    const { offset, size } = layout.data.member;
    this.unsignedSize = offset + size + (size % 2);
    this.size = layout.size;
    this.#file = file;
    this.#layout = layout;
    this.#limits = limits;
  }

  range(offset: number, size: number): AsyncGenerator<Uint8Array> {
    return readRange(this.#file, offset, size);
  }

  controlFiles(): Promise<ReadonlyMap<string, Buffer>> {
    this.#controlFiles ??= this.#readControlFiles();
    return this.#controlFiles;
  }

  #readControlFiles(): Promise<ReadonlyMap<string, Buffer>> {
    return named(this.path, async () => {
      const files = new Map<string, Buffer>();
      for await (const { entry, content } of readTar(this.#plain(this.#layout.control), MAX_CONTROL)) {
        if (entry.path === '.') continue;
        if (entry.type !== 'file' || entry.path.includes('/')) {
          throw refuse(entry.path, 'control.tar may hold plain files only');
        }
        if (files.has(entry.path)) throw refuse(entry.path, 'duplicate in control.tar');
        const pieces: Buffer[] = [];
        for await (const piece of content) pieces.push(Buffer.from(piece));
        files.set(entry.path, Buffer.concat(pieces));
      }
      return files;
    });
  }

  async control(): Promise<string> {
    const control = (await this.controlFiles()).get('control');
    if (control === undefined) throw malformed(`${this.path}: no control file`);
    return control.toString('utf8');
  }

  data(options: DecompressOptions = {}): AsyncGenerator<TarItem, void, undefined> {
    return namedItems(this.path, readTar(this.#plain(this.#layout.data, options), this.#limits));
  }

  dataTar(): AsyncIterable<Uint8Array> {
    return this.#plain(this.#layout.data);
  }

  signatureMembers(): Promise<{ name: string; bytes: Buffer }[]> {
    return named(this.path, async () => {
      const signatures: { name: string; bytes: Buffer }[] = [];
      for (const { name, offset, size } of this.#layout.signatures) {
        if (size > MAX_SIGNATURE) throw malformed(`${name}: ${size} bytes are too many for a signature`);
        signatures.push({ name, bytes: await readAt(this.#file, offset, size) });
      }
      return signatures;
    });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #plain(part: Part, options: DecompressOptions = {}): AsyncIterable<Uint8Array> {
    const { member, compression } = part;
    const most = mostPlain(member.size, this.#limits);
    // control.tar holds a few texts: no trust in its author makes it larger
    const bound = part === this.#layout.control ? Math.min(most, MAX_CONTROL.totalBytes) : most;
    const packed = readRange(this.#file, member.offset, member.size);
    const plain = decompress(compression, packed, { ...options, size: member.size });
    return namedItems(this.path, atMost(bound, member, plain));
  }
}

/**
 * How many plain bytes a member may have; more where $PRODNG_MAX_UNPACKED says so.
 *
 * @param size bytes, compressed
 * @throws ProdngError CONFIG when the variable is no size
 */
export function mostPlain(size: number, { totalBytes, ratio }: DebLimits = defaultDebLimits): number {
  const text = process.env.PRODNG_MAX_UNPACKED ?? '0';
  const allowed = parseSize(text);
  if (allowed === undefined)
    throw new ProdngError('CONFIG', `PRODNG_MAX_UNPACKED: ${JSON.stringify(text)}: not ${sizeSyntax}`);
  return Math.min(totalBytes, Math.max(allowed, freeBytes + size * ratio));
}

/** Ends a bomb while it is still small. */
async function* atMost(
  most: number,
  { name, size }: ArMember,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > most) {
      throw new ProdngError(
        'ARCHIVE_TOO_LARGE',
        `${name}: unpacks to more than ${most} bytes, and has ${size}`,
        {
          hint: 'a file made to fill disks, or one with large holes; if you trust it, set PRODNG_MAX_UNPACKED=4G',
        },
      );
    }
    yield chunk;
  }
}

async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withPath(path, error);
  }
}

async function* namedItems<T>(path: string, items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      // Only what the archive itself throws gets its name; the consumer's own errors pass through untouched.
      const next = await named(path, () => iterator.next());
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) await iterator.return?.();
  }
}

function withPath(path: string, error: unknown): unknown {
  // The bytes of an entry's content come past here twice.
  if (!(error instanceof ProdngError) || error.message.startsWith(`${path}: `)) return error;
  const { code, hint } = error;
  return new ProdngError(code, `${path}: ${error.message}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function malformed(why: string): ProdngError {
  return new ProdngError('DEB_FORMAT', `.deb: ${why}`);
}
