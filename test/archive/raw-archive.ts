import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';

/** Archives by hand, byte for byte: the writers under test could not say these things. */
export interface RawEntry {
  name: string;
  typeflag?: string;
  content?: Buffer | string;
  link?: string;
  mode?: string;
  /** The twelve bytes of the size field (default: octal digits of the content's length). */
  sizeField?: Buffer;
  magic?: string;
  prefix?: string;
}

export function rawEntry(raw: RawEntry): Buffer {
  const content = Buffer.from(raw.content ?? '');
  const block = Buffer.alloc(512);
  block.write(raw.name, 0, 100);
  block.write(raw.mode ?? '0000644', 100);
  block.write('0000000', 108);
  block.write('0000000', 116);
  (raw.sizeField ?? octal(content.length)).copy(block, 124);
  octal(1_600_000_000).copy(block, 136);
  block.write(raw.typeflag ?? '0', 156);
  block.write(raw.link ?? '', 157, 100);
  block.write(raw.magic ?? 'ustar  \0', 257, 'latin1');
  block.write(raw.prefix ?? '', 345, 155);
  seal(block);
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** Puts the right checksum into a header. */
export function seal(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export function file(name: string, content: Buffer | string = 'evil'): Buffer {
  return rawEntry({ name, content });
}

/** A GNU header with a long name (`L`) or link (`K`) for the next entry. */
export function longName(typeflag: 'L' | 'K', name: string): Buffer {
  return rawEntry({ name: '././@LongLink', typeflag, content: `${name}\0` });
}

export function folder(name: string): Buffer {
  return rawEntry({ name, typeflag: '5', mode: '0000755' });
}

export function symlink(name: string, link: string): Buffer {
  return rawEntry({ name, link, typeflag: '2' });
}

export function hardLink(name: string, link: string): Buffer {
  return rawEntry({ name, link, typeflag: '1' });
}

/** A PAX header for the next entry. */
export function pax(...entries: [key: string, value: string][]): Buffer {
  const records = entries.map(([key, value]) => paxRecord(key, value));
  return rawEntry({ name: 'PaxHeaders/x', typeflag: 'x', content: records.join(''), magic: 'ustar\x0000' });
}

export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (`${length}`.length + rest !== length) length = `${length}`.length + rest;
  return `${length} ${key}=${value}\n`;
}

/** The end of a tar archive. */
export const end: Buffer = Buffer.alloc(1024);

export function tar(...parts: Buffer[]): Buffer {
  return Buffer.concat([folder('./'), ...parts, end]);
}

export function octal(value: number): Buffer {
  return Buffer.from(`${value.toString(8).padStart(11, '0')}\0`);
}

/** GNU's base 256, twelve bytes. */
export function base256(value: bigint): Buffer {
  const field = Buffer.alloc(12);
  field.writeBigUInt64BE(BigInt.asUintN(64, value), 4);
  if (value < 0n) field.fill(0xff, 0, 4);
  field[0] = value < 0n ? 0xff : 0x80;
  return field;
}

export type Member = [name: string, bytes: Buffer | string];

export function ar(...members: Member[]): Buffer {
  const parts = members.map(([name, bytes]) => {
    const body = Buffer.from(bytes);
    return Buffer.concat([arHeader(name, `${body.length}`), body, Buffer.alloc(body.length % 2, '\n')]);
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** @param size the ten bytes of the size field */
export function arHeader(name: string, size: string): Buffer {
  const fields = [name.padEnd(16), '1600000000  ', '0     ', '0     ', '100644  ', size.padEnd(10), '`\n'];
  return Buffer.from(fields.join(''), 'latin1');
}

export function xz(plain: Buffer): Buffer {
  return execFileSync('xz', ['-0', '-c'], { input: plain, maxBuffer: 2 ** 30 });
}

export const controlText = 'Package: hostile\nVersion: 1\nArchitecture: all\n';

export const controlTar: Buffer = tar(rawEntry({ name: './control', content: controlText }));

/** A .deb around the plain data.tar. */
export function debOf(data: Buffer): Buffer {
  return ar(['debian-binary', '2.0\n'], ['control.tar.xz', xz(controlTar)], ['data.tar.xz', xz(data)]);
}

export async function writeDebOf(path: string, data: Buffer): Promise<string> {
  await writeFile(path, debOf(data));
  return path;
}
