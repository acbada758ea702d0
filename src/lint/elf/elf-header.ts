import type { ByteWindow, ElfFault } from './elf-types.ts';

/** The ELF identification and header, System V ABI chapter 4. */
export interface ElfHeader {
  bits: 32 | 64;
  littleEndian: boolean;
  type: number;
  machine: number;
  programHeaders: { offset: number; entrySize: number; count: number };
}

export interface ProgramHeader {
  type: number;
  flags: number;
  offset: number;
  address: number;
  /** Bytes in the file. */
  size: number;
}

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_GNU_STACK = 0x6474e551;

export const elfMagic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** Reads numbers of one file's width and byte order; values beyond 2^53 come out as NaN and fit nowhere. */
export class ElfNumbers {
  readonly wide: boolean;
  readonly #little: boolean;

  constructor(bits: 32 | 64, littleEndian: boolean) {
    this.wide = bits === 64;
    this.#little = littleEndian;
  }

  half(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  word(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  /** As wide as an address. */
  address(bytes: Buffer, at: number): number {
    if (!this.wide) return this.word(bytes, at);
    const low = this.word(bytes, this.#little ? at : at + 4);
    const high = this.word(bytes, this.#little ? at + 4 : at);
    const value = high * 2 ** 32 + low;
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }
}

/** Reads the header; a fault says why it cannot be used. */
export function readElfHeader(file: ByteWindow): ElfHeader | ElfFault {
  const ident = file.slice(0, 16);
  if (ident === undefined) return { fault: 'it ends within the ELF identification' };
  const bits = ident[4] === 1 ? 32 : ident[4] === 2 ? 64 : undefined;
  if (bits === undefined) return { fault: `ELF class ${ident[4]} does not exist` };
  if (ident[5] !== 1 && ident[5] !== 2) return { fault: `ELF byte order ${ident[5]} does not exist` };
  const numbers = new ElfNumbers(bits, ident[5] === 1);
  const header = file.slice(0, numbers.wide ? 64 : 52);
  if (header === undefined) return { fault: 'it ends within the ELF header' };
  const programHeaders = {
    offset: numbers.address(header, numbers.wide ? 32 : 28),
    entrySize: numbers.half(header, numbers.wide ? 54 : 42),
    count: numbers.half(header, numbers.wide ? 56 : 44),
  };
  if (programHeaders.count > 0 && programHeaders.entrySize !== (numbers.wide ? 56 : 32))
    return { fault: `its program headers are of ${programHeaders.entrySize} bytes` };
  return {
    bits,
    littleEndian: ident[5] === 1,
    type: numbers.half(header, 16),
    machine: numbers.half(header, 18),
    programHeaders,
  };
}

/** Reads the program headers; a fault when they lie outside of the file. */
export function readProgramHeaders(file: ByteWindow, header: ElfHeader): ProgramHeader[] | ElfFault {
  const { offset, entrySize, count } = header.programHeaders;
  if (count === 0) return [];
  const table = file.slice(offset, entrySize * count);
  if (table === undefined) return { fault: 'its program headers are not in the file' };
  const numbers = new ElfNumbers(header.bits, header.littleEndian);
  const headers: ProgramHeader[] = [];
  for (let at = 0; at < table.length; at += entrySize) {
    headers.push({
      type: numbers.word(table, at),
      flags: numbers.word(table, at + (numbers.wide ? 4 : 24)),
      offset: numbers.address(table, at + (numbers.wide ? 8 : 4)),
      address: numbers.address(table, at + (numbers.wide ? 16 : 8)),
      size: numbers.address(table, at + (numbers.wide ? 32 : 16)),
    });
  }
  return headers;
}
