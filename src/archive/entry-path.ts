import { isUtf8 } from 'node:buffer';
import { ProdngError } from '../error/prodng-error.ts';

/** A name for messages: control characters escaped, so that an archive cannot write to a terminal. */
export function printable(name: string): string {
  const short = name.length > 200 ? `${name.slice(0, 200)}...` : name;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Refuses an entry, by name: it is well-formed, and unsafe. */
export function refuse(name: string, why: string): ProdngError {
  return new ProdngError('ENTRY_REFUSED', `${printable(name)}: ${why}`);
}

/**
 * Decodes a name. Debian Policy 10.10 wants file names in UTF-8; anything else could not be written back unchanged.
 *
 * @throws ProdngError ENTRY_REFUSED
 */
export function decodeName(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isUtf8(buffer)) throw refuse(escapedBytes(buffer), 'the name is not UTF-8 (Debian Policy 10.10)');
  return buffer.toString('utf8');
}

/** A name whose bytes mean nothing certain: as ASCII, and `\xe9` for every other byte. */
function escapedBytes(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** A part of a path that is empty, `.` or `..`. */
const oddPart = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * Brings a path to the one form that everything here compares: `./usr//bin/` becomes `usr/bin`, `./` becomes `.`.
 *
 * @throws ProdngError ENTRY_REFUSED for an empty or absolute path, one with `..` or with a NUL
 */
export function normalizePath(raw: string): string {
  if (raw === '') throw refuse('(entry)', 'the name is empty');
  if (raw.startsWith('/')) throw refuse(raw, 'the path is absolute');
  if (raw.includes('\0')) throw refuse(raw, 'the name holds a NUL');
  const plain = raw.slice(raw.startsWith('./') ? 2 : 0, raw.endsWith('/') ? -1 : undefined);
  // nearly all of them
  if (plain !== '' && !oddPart.test(plain)) return plain;
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refuse(raw, 'the path holds ".."');
  return parts.length === 0 ? '.' : parts.join('/');
}
