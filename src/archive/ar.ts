import type { FileHandle } from 'node:fs/promises';
import { ProdngError } from '../error/prodng-error.ts';
import { printable } from './entry-path.ts';
import { MemoryFile } from './memory-file.ts';

/** One member of an ar archive. Offset and size are bytes in the file. */
export interface ArMember {
  name: string;
  offset: number;
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  uid: number;
  gid: number;
  mode: number;
}

export const AR_MAGIC: Buffer = Buffer.from('!<arch>\n');
const HEADER = 60;
/** The size field has ten decimal digits. */
const MAX_SIZE = 9_999_999_999;

/** Far more than any .deb holds; an archive of empty members must not cost memory. */
const MAX_MEMBERS = 64;

/**
 * Lists the members of an ar archive as deb(5) knows it. Every size is checked against the file's own; members
 * that other tools read differently (symbol tables, GNU and BSD long names, doubled names) are refused.
 *
 * @throws ProdngError AR_FORMAT
 */
export async function readArMembers(file: FileHandle | MemoryFile): Promise<ArMember[]> {
  const fileSize = file instanceof MemoryFile ? file.size : (await file.stat()).size;
  if (!(await readAt(file, 0, AR_MAGIC.length)).equals(AR_MAGIC)) throw malformed('not an ar archive');
  const members: ArMember[] = [];
  let position = AR_MAGIC.length;
  while (position < fileSize) {
    const member = parseArHeader(await readAt(file, position, HEADER), position);
    const end = member.offset + member.size;
    if (end > fileSize) throw malformed(`${printable(member.name)}: larger than the file`);
    if (members.some(({ name }) => name === member.name)) {
      throw malformed(`${printable(member.name)}: duplicate member`);
    }
    if (members.push(member) > MAX_MEMBERS) throw malformed(`more than ${MAX_MEMBERS} members`);
    position = await skipPadding(file, member, end, fileSize);
  }
  return members;
}

/** Members begin at even offsets; some writers leave out the newline after the last one. */
async function skipPadding(
  file: FileHandle | MemoryFile,
  member: ArMember,
  end: number,
  fileSize: number,
): Promise<number> {
  if (member.size % 2 === 0 || end === fileSize) return end;
  if ((await readAt(file, end, 1))[0] !== 0x0a) throw malformed(`${printable(member.name)}: wrong padding`);
  return end + 1;
}

function parseArHeader(header: Buffer, position: number): ArMember {
  const text = header.toString('latin1');
  if (header.length < HEADER || !text.endsWith('`\n')) throw malformed(`no member header at ${position}`);
  const name = memberName(text.slice(0, 16));
  const number = (from: number, to: number, base: 8 | 10): number => {
    const digits = text.slice(from, to).trimEnd();
    const shape = base === 8 ? /^[0-7]*$/ : /^\d*$/;
    if (!shape.test(digits)) throw malformed(`${printable(name)}: not a number: ${printable(digits)}`);
    return digits === '' ? 0 : Number.parseInt(digits, base);
  };
  if (text.slice(48, 58).trimEnd() === '') throw malformed(`${printable(name)}: no size`);
  return {
    name,
    offset: position + HEADER,
    mtime: number(16, 28, 10),
    uid: number(28, 34, 10),
    gid: number(34, 40, 10),
    mode: number(40, 48, 8),
    size: number(48, 58, 10),
  };
}

/** `name/` as GNU ar writes it, or `name` as dpkg-deb does. */
function memberName(field: string): string {
  const name = field.trimEnd().replace(/\/$/, '');
  if (!/^[A-Za-z0-9_.+-]+$/.test(name))
    throw malformed(`"${printable(field.trimEnd())}": not a member's name`);
  return name;
}

/**
 * Writes the 60 bytes before a member as dpkg-deb does: no trailing slash, owner 0:0, a regular file's mode.
 * `arPadding` follows the member.
 */
export function encodeArHeader(name: string, size: number, mtime: number): Buffer {
  if (Buffer.byteLength(name) > 16 || size > MAX_SIZE) {
    throw malformed(`${printable(name)} (${size} bytes) does not fit into an ar archive`);
  }
  const fields = [name.padEnd(16), `${mtime}`.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)];
  return Buffer.from(`${fields.join('')}${`${size}`.padEnd(10)}\`\n`, 'latin1');
}

/** The newline after a member of odd size. */
export function arPadding(size: number): Buffer {
  return Buffer.from(size % 2 === 1 ? '\n' : '');
}

/** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
export async function readAt(file: FileHandle | MemoryFile, offset: number, length: number): Promise<Buffer> {
  if (file instanceof MemoryFile) return file.slice(offset, length);
  const buffer = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/**
 * Streams a part of a file.
 *
 * @throws ProdngError AR_FORMAT when the file was cut meanwhile
 */
export async function* readRange(
  file: FileHandle | MemoryFile,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  while (done < size) {
    const chunk = await readAt(file, offset + done, Math.min(262_144, size - done));
    if (chunk.length === 0) throw malformed('the file became shorter while it was read');
    done += chunk.length;
    yield chunk;
  }
}

function malformed(why: string): ProdngError {
  return new ProdngError('AR_FORMAT', `ar archive: ${why}`);
}
