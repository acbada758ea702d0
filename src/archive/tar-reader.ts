import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import { ByteSource } from './byte-source.ts';
import { defaultTarLimits, type TarEntry, type TarItem, type TarLimits, type TarType } from './entry.ts';
import { decodeName, normalizePath, printable, refuse } from './entry-path.ts';
import { type PaxOverrides, parsePax } from './pax.ts';
import { BLOCK, parseHeader, type RawHeader } from './tar-header.ts';

/**
 * Reads a plain tar archive: v7, ustar, GNU long names and PAX headers, as tar(5) describes them. Whatever two
 * readers could take in two ways is refused, so that what we checked is what dpkg would unpack.
 *
 * Memory does not grow with the archive. The source is let go of when the generator ends, early or not.
 *
 * @throws ProdngError TAR_FORMAT (malformed or truncated), ENTRY_REFUSED (`..`, absolute, sparse, not UTF-8, ...)
 *   or ARCHIVE_TOO_LARGE (past `limits`)
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  limits: TarLimits = defaultTarLimits,
): AsyncGenerator<TarItem, void, undefined> {
  const bytes = new ByteSource(source);
  try {
    let count = 0;
    let names = 0;
    let extension: Extension = {};
    for (;;) {
      const block = await bytes.take(BLOCK);
      if (block.length < BLOCK) throw truncated();
      if (isZero(block)) return await readEnd(bytes, extension, limits);
      if (++count > limits.headers) throw tooLarge(`more than ${limits.headers} headers`);
      const raw = parseHeader(block);
      if (isExtension(raw)) {
        extension = await readExtension(bytes, raw, extension, limits);
        continue;
      }
      const entry = toEntry(raw, extension, limits);
      extension = {};
      names += entry.path.length + entry.linkPath.length;
      if (names > limits.allNameBytes) throw tooLarge('the names of its entries together');
      const contentOffset = bytes.offset;
      if (contentOffset + entry.size > limits.totalBytes)
        throw tooLarge(`${printable(entry.path)} is past it`);
      const content = new EntryContent(bytes, entry);
      yield { entry, contentOffset, content };
      await content.finish();
    }
  } finally {
    await bytes.close();
  }
}

/** What the headers before an entry say about it. */
interface Extension {
  longName?: string;
  longLink?: string;
  pax?: PaxOverrides;
}

function isExtension(raw: RawHeader): boolean {
  return raw.typeflag === 'L' || raw.typeflag === 'K' || raw.typeflag === 'x' || raw.typeflag === 'g';
}

async function readExtension(
  bytes: ByteSource,
  raw: RawHeader,
  before: Extension,
  limits: TarLimits,
): Promise<Extension> {
  if (raw.size > limits.nameBytes + 1) throw tooLarge(`a name of ${raw.size} bytes`);
  // A copy: the bytes of a source are only good until the next call.
  const body = Buffer.from(await bytes.take(raw.size));
  if (body.length < raw.size) throw truncated();
  if ((await bytes.skip(padding(raw.size))) < padding(raw.size)) throw truncated();
  if (raw.typeflag === 'g') return globalHeader(body, before);
  if (raw.typeflag === 'x') return { ...before, pax: once(before.pax, parsePax(body)) };
  const name = longName(body);
  if (raw.typeflag === 'L') return { ...before, longName: once(before.longName, name) };
  return { ...before, longLink: once(before.longLink, name) };
}

/** git-archive writes a global header with a comment; one that changes the entries is a trick. */
function globalHeader(body: Buffer, before: Extension): Extension {
  if (Object.keys(parsePax(body)).length > 0) throw format('a global PAX header that changes entries');
  return before;
}

function once<T>(before: T | undefined, now: T): T {
  if (before !== undefined) throw format('two headers of the same kind before one entry');
  return now;
}

function longName(body: Buffer): string {
  const end = body.indexOf(0);
  const name = end === -1 ? body : body.subarray(0, end);
  if (name.length === 0 || (end !== -1 && !isZero(body.subarray(end)))) throw format('a malformed long name');
  return decodeName(name);
}

function toEntry(raw: RawHeader, extension: Extension, limits: TarLimits): TarEntry {
  const { longName, longLink, pax = {} } = extension;
  if (longName !== undefined && pax.path !== undefined) throw refuse(longName, 'it has a GNU and a PAX name');
  if (longLink !== undefined && pax.linkpath !== undefined)
    throw refuse(longLink, 'it has a GNU and a PAX link');
  const name = longName ?? pax.path ?? decodeName(raw.name);
  const link = longLink ?? pax.linkpath ?? decodeName(raw.linkName);
  for (const each of [name, link]) {
    if (Buffer.byteLength(each) > limits.nameBytes)
      throw tooLarge(`${printable(each)}: the name is too long`);
  }
  const type = typeOf(raw.typeflag, name);
  const path = normalizePath(name);
  if (type === 'file' && name.endsWith('/')) throw refuse(name, 'a file with the name of a folder');
  if (path === '.' && type !== 'directory') throw refuse(name, 'the root is not a folder');
  const size = pax.size ?? raw.size;
  if (size !== 0 && type !== 'file') throw refuse(name, `a ${type} with ${size} bytes of content`);
  return {
    path,
    type,
    mode: raw.mode,
    uid: id(name, pax.uid ?? raw.uid),
    gid: id(name, pax.gid ?? raw.gid),
    uname: pax.uname ?? raw.uname,
    gname: pax.gname ?? raw.gname,
    mtime: pax.mtime ?? raw.mtime,
    size,
    linkPath: linkPathOf(type, name, link),
  };
}

function id(name: string, value: number): number {
  if (value > 2 ** 32 - 2) throw refuse(name, 'uid or gid is out of range');
  return value;
}

function linkPathOf(type: TarType, name: string, link: string): string {
  if (type !== 'symlink' && type !== 'hardlink') return '';
  if (link === '') throw refuse(name, 'a link to nowhere');
  if (type === 'symlink') return link;
  try {
    return normalizePath(link);
  } catch {
    throw refuse(name, `a hard link to outside: ${printable(link)}`);
  }
}

const types: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

function typeOf(typeflag: string, name: string): TarType {
  if (typeflag === 'S') throw refuse(name, 'a sparse file');
  const type = ownValue(types, typeflag);
  if (type === undefined) throw refuse(name, `an entry of the unknown type "${printable(typeflag)}"`);
  return type;
}

/** The content of the present entry. */
class EntryContent implements AsyncIterable<Uint8Array> {
  readonly #bytes: ByteSource;
  readonly #entry: TarEntry;
  #left: number;

  constructor(bytes: ByteSource, entry: TarEntry) {
    this.#bytes = bytes;
    this.#entry = entry;
    this.#left = entry.size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#left > 0) {
      const piece = await this.#bytes.some(this.#left);
      if (piece === undefined) throw truncated(this.#entry);
      this.#left -= piece.length;
      yield piece;
    }
  }

  /** Goes on to the next header; the content is empty from now on. */
  async finish(): Promise<void> {
    const rest = this.#left + padding(this.#entry.size);
    this.#left = 0;
    if ((await this.#bytes.skip(rest)) < rest) throw truncated(this.#entry);
  }
}

/** Two zero blocks end an archive; after them only zeros may follow, or a second reader could see more. */
async function readEnd(bytes: ByteSource, extension: Extension, limits: TarLimits): Promise<void> {
  if (Object.keys(extension).length > 0) throw format('a long name without an entry');
  const second = await bytes.take(BLOCK);
  if (second.length < BLOCK || !isZero(second)) throw format('a single zero block');
  for (;;) {
    const rest = await bytes.some(65_536);
    if (rest === undefined) return;
    if (!isZero(rest)) throw format('data after the end of the archive');
    if (bytes.offset > limits.totalBytes) throw tooLarge('zeros after the end');
  }
}

/** Bytes that fill up the last block of `size` bytes of content. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function isZero(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

function format(why: string): ProdngError {
  return new ProdngError('TAR_FORMAT', `tar archive: ${why}`);
}

function truncated(entry?: TarEntry): ProdngError {
  return format(entry === undefined ? 'it ends too early' : `it ends within ${printable(entry.path)}`);
}

function tooLarge(why: string): ProdngError {
  return new ProdngError('ARCHIVE_TOO_LARGE', `tar archive: larger than its limits allow: ${why}`);
}
