import type { ExampleElf } from '../../../src/lint/example.ts';

const PHDR = 56;
const EHDR = 64;

/** Makes a small 64-bit ELF file that readelf(1) reads; its addresses are its offsets. */
export function writeElf(elf: ExampleElf): Buffer {
  const strings = new StringTable();
  const needed = (elf.needed ?? []).map((name) => strings.add(name));
  const soname = elf.soname === undefined ? undefined : strings.add(elf.soname);
  const rpath = elf.rpath === undefined ? undefined : strings.add(elf.rpath);
  const runpath = elf.runpath === undefined ? undefined : strings.add(elf.runpath);
  const symbols = symbolTable((elf.imports ?? []).map((name) => strings.add(name)));
  const interpreter = elf.interpreter === undefined ? undefined : Buffer.from(`${elf.interpreter}\0`);
  const note = elf.dlopen === undefined ? undefined : dlopenNote(elf.dlopen);
  const headers = 3 + (interpreter === undefined ? 0 : 1) + (note === undefined ? 0 : 1);
  const parts = new Layout(EHDR + headers * PHDR);
  const interpreterAt = interpreter && parts.add(interpreter);
  const noteAt = note && parts.add(note);
  const symbolsAt = parts.add(symbols);
  const stringsAt = parts.add(strings.bytes());
  const dynamic: [number, number][] = needed.map((at) => [1, at]);
  if (soname !== undefined) dynamic.push([14, soname]);
  if (rpath !== undefined) dynamic.push([15, rpath]);
  if (runpath !== undefined) dynamic.push([29, runpath]);
  if (elf.textRelocations) dynamic.push([22, 0]);
  dynamic.push([5, stringsAt], [10, strings.bytes().length], [6, symbolsAt], [11, 24], [0, 0]);
  const dynamicBytes = Buffer.alloc(dynamic.length * 16);
  for (const [index, [tag, value]] of dynamic.entries()) {
    dynamicBytes.writeBigUInt64LE(BigInt(tag), index * 16);
    dynamicBytes.writeBigUInt64LE(BigInt(value), index * 16 + 8);
  }
  const dynamicAt = parts.add(dynamicBytes);
  const size = parts.size;
  const header = Buffer.alloc(EHDR);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(elf.machine ?? 62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(EHDR), 32);
  header.writeUInt16LE(EHDR, 52);
  header.writeUInt16LE(PHDR, 54);
  header.writeUInt16LE(headers, 56);
  const program = [
    ...(interpreter && interpreterAt ? [programHeader(3, 4, interpreterAt, interpreter.length)] : []),
    programHeader(1, elf.writableCode ? 7 : 5, 0, size),
    programHeader(2, 6, dynamicAt, dynamicBytes.length),
    ...(note && noteAt ? [programHeader(4, 4, noteAt, note.length)] : []),
    programHeader(0x6474e551, elf.executableStack ? 7 : 6, 0, 0),
  ];
  return Buffer.concat([header, ...program, ...parts.bytes()]);
}

class StringTable {
  #bytes = Buffer.from([0]);

  add(text: string): number {
    const at = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(`${text}\0`)]);
    return at;
  }

  bytes(): Buffer {
    return this.#bytes;
  }
}

/** Puts parts one after the other, each at a multiple of 8. */
class Layout {
  size: number;
  #parts: Buffer[] = [];

  constructor(start: number) {
    this.size = start;
  }

  add(bytes: Buffer): number {
    const at = this.size;
    const padded = Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
    this.#parts.push(padded);
    this.size += padded.length;
    return at;
  }

  bytes(): Buffer[] {
    return this.#parts;
  }
}

function programHeader(type: number, flags: number, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(PHDR);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(flags, 4);
  for (const at of [8, 16, 24]) bytes.writeBigUInt64LE(BigInt(offset), at);
  for (const at of [32, 40]) bytes.writeBigUInt64LE(BigInt(size), at);
  bytes.writeBigUInt64LE(8n, 48);
  return bytes;
}

function symbolTable(names: readonly number[]): Buffer {
  const bytes = Buffer.alloc((names.length + 1) * 24);
  for (const [index, name] of names.entries()) {
    bytes.writeUInt32LE(name, (index + 1) * 24);
    bytes[(index + 1) * 24 + 4] = 0x12;
  }
  return bytes;
}

function dlopenNote(json: string): Buffer {
  const text = Buffer.from(`${json}\0`);
  const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4)]);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(4, 0);
  head.writeUInt32LE(text.length, 4);
  head.writeUInt32LE(0x407c0c0a, 8);
  head.write('FDO\0', 12, 'latin1');
  return Buffer.concat([head, padded]);
}
