import { ProdngError } from '../error/prodng-error.ts';
import { decodeName, printable, refuse } from './entry-path.ts';

export const BLOCK = 512;

/** A header block as read, before long names and PAX records are applied. */
export interface RawHeader {
  /** Not decoded yet: before a long name these are its first 100 bytes, which may end within a character. */
  name: Uint8Array;
  typeflag: string;
  mode: number;
  uid: number;
  gid: number;
  uname: string;
  gname: string;
  mtime: number;
  size: number;
  linkName: Uint8Array;
}

/** The largest uid: (uid_t)-1 means "leave it" to chown(2). */
const MAX_ID = 2 ** 32 - 2;

/**
 * Parses one 512-byte header: v7, POSIX ustar or old GNU.
 *
 * @throws ProdngError TAR_FORMAT, or ENTRY_REFUSED for a number no file can have
 */
export function parseHeader(block: Uint8Array): RawHeader {
  checkSum(block);
  const magic = magicOf(block);
  const name = fullName(block, magic);
  const number = (offset: number, length: number, what: string, most: number): number =>
    parseNumber(block.subarray(offset, offset + length), name, what, most);
  const posix = magic !== 'v7';
  return {
    name,
    typeflag: String.fromCharCode(block[156] ?? 0),
    mode: number(100, 8, 'mode', Number.MAX_SAFE_INTEGER) & 0o7777,
    uid: number(108, 8, 'uid', MAX_ID),
    gid: number(116, 8, 'gid', MAX_ID),
    size: number(124, 12, 'size', Number.MAX_SAFE_INTEGER),
    mtime: number(136, 12, 'mtime', 2 ** 40),
    linkName: upToNul(block, 157, 100),
    uname: posix ? text(block, 265, 32) : '',
    gname: posix ? text(block, 297, 32) : '',
  };
}

type Magic = 'ustar' | 'gnu' | 'v7';

function fullName(block: Uint8Array, magic: Magic): Uint8Array {
  const name = upToNul(block, 0, 100);
  // Only POSIX has a prefix: old GNU archives keep times in the same place.
  if (magic !== 'ustar') return name;
  const prefix = upToNul(block, 345, 155);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function magicOf(block: Uint8Array): Magic {
  const magic = Buffer.from(block.buffer, block.byteOffset + 257, 8).toString('latin1');
  if (magic === 'ustar\x0000') return 'ustar';
  if (magic === 'ustar  \0') return 'gnu';
  if (magic === '\0\0\0\0\0\0\0\0') return 'v7';
  throw new ProdngError('TAR_FORMAT', `${shown(upToNul(block, 0, 100))}: not a ustar or GNU header`);
}

function text(block: Uint8Array, offset: number, length: number): string {
  return decodeName(upToNul(block, offset, length));
}

function upToNul(block: Uint8Array, offset: number, length: number): Uint8Array {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
}

function checkSum(block: Uint8Array): void {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++) sum += block[index] ?? 0;
  // The sum counts its own eight bytes as blanks.
  for (let index = 148; index < 156; index++) sum += 0x20 - (block[index] ?? 0);
  if (parseOctal(block.subarray(148, 156)) !== sum) {
    throw new ProdngError('TAR_FORMAT', 'a tar header has a wrong checksum');
  }
}

/** For messages: a name that need not be UTF-8. */
function shown(name: Uint8Array): string {
  return printable(Buffer.from(name).toString('utf8'));
}

/** A number in octal digits or, when the top bit is set, GNU's base 256. */
function parseNumber(field: Uint8Array, name: Uint8Array, what: string, most: number): number {
  const value = ((field[0] ?? 0) & 0x80) === 0 ? parseOctal(field) : parseBase256(field);
  if (value === undefined) throw new ProdngError('TAR_FORMAT', `${shown(name)}: ${what}: not a number`);
  if (value < 0 || value > most) throw refuse(Buffer.from(name).toString('utf8'), `${what} is out of range`);
  return value;
}

function parseBase256(field: Uint8Array): number {
  if (field[0] !== 0x80) return -1;
  // Far past 2^53 this loses digits, never magnitude: the range check still sees it.
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
}

/** Blanks, octal digits, then blanks or NULs. An empty field is 0, as all writers of v7 archives have it. */
function parseOctal(field: Uint8Array): number | undefined {
  let index = 0;
  let value = 0;
  while (field[index] === 0x20) index++;
  for (; index < field.length; index++) {
    const digit = (field[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; index < field.length; index++) {
    if (field[index] !== 0x20 && field[index] !== 0) return undefined;
  }
  return value;
}
