import { ProdngError } from '../error/prodng-error.ts';
import { decodeName, printable } from './entry-path.ts';

/** What a PAX extended header may change about the entry that follows. pax(1), "ustar Interchange Format". */
export interface PaxOverrides {
  path?: string;
  linkpath?: string;
  uname?: string;
  gname?: string;
  size?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
}

/** Records that tell nothing we keep. Any other would silently change what the entry means, so it is an error. */
const ignorable = /^(atime|ctime|comment|charset|LIBARCHIVE\.creationtime|SCHILY\.(dev|ino|nlink))$/;

/**
 * Parses the records `LENGTH KEY=VALUE\n` of a PAX header.
 *
 * @throws ProdngError TAR_FORMAT for malformed records, doubled keys and keys that are not understood (sparse
 *   files, extended attributes, other character sets)
 */
export function parsePax(bytes: Uint8Array): PaxOverrides {
  const overrides: PaxOverrides = {};
  const seen = new Set<string>();
  for (const [key, value] of records(bytes)) {
    if (seen.has(key)) throw malformed(`duplicate record ${printable(key)}`);
    seen.add(key);
    apply(overrides, key, value);
  }
  return overrides;
}

function apply(overrides: PaxOverrides, key: string, value: string): void {
  switch (key) {
    case 'path':
    case 'linkpath':
      if (value === '' || value.includes('\0')) throw malformed(`${key} is empty or holds a NUL`);
      overrides[key] = value;
      return;
    case 'uname':
    case 'gname':
      overrides[key] = value;
      return;
    case 'size':
    case 'uid':
    case 'gid':
      overrides[key] = integer(key, value, /^\d{1,19}$/);
      return;
    case 'mtime':
      // Fractions of a second are cut: a .deb cannot carry them.
      overrides.mtime = Math.floor(integer(key, value, /^\d{1,12}(\.\d{1,30})?$/));
      return;
    default:
      if (!ignorable.test(key)) throw malformed(`the record ${printable(key)} is not supported`);
  }
}

function integer(key: string, value: string, shape: RegExp): number {
  const number = Number(value);
  if (!shape.test(value) || number > Number.MAX_SAFE_INTEGER) {
    throw malformed(`${key}=${printable(value)} is not a number it can have`);
  }
  return number;
}

function* records(bytes: Uint8Array): Generator<[key: string, value: string]> {
  let start = 0;
  while (start < bytes.length) {
    const blank = bytes.indexOf(0x20, start);
    const digits = Buffer.from(bytes.subarray(start, blank === -1 ? start : blank)).toString('latin1');
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const end = start + length;
    if (end <= blank + 1 || end > bytes.length || bytes[end - 1] !== 0x0a) throw malformed('a wrong length');
    const record = decodeName(bytes.subarray(blank + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 1) throw malformed('a record without a key');
    yield [record.slice(0, equals), record.slice(equals + 1)];
    start = end;
  }
}

function malformed(why: string): ProdngError {
  return new ProdngError('TAR_FORMAT', `PAX header: ${why}`);
}
