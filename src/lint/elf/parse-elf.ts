import {
  type ElfHeader,
  ElfNumbers,
  type ProgramHeader,
  PT_DYNAMIC,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  readElfHeader,
  readProgramHeaders,
} from './elf-header.ts';
import { readDlopenNotes } from './elf-notes.ts';
import type { ByteWindow, ElfFault, ElfFile } from './elf-types.ts';

const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SYMENT = 11;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_TEXTREL = 22;
const DT_RUNPATH = 29;
const DT_FLAGS = 30;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_TEXTREL = 4;
const DF_1_NODEFLIB = 0x800;
const DF_1_PIE = 0x8000000;

/** Far above any real file's; a hostile one could say 2^60. */
const mostDynamicEntries = 65_536;
const mostSymbols = 4_000_000;
const mostName = 4096;

/** What a dynamic section says. */
interface DynamicSection {
  values: Map<number, number>;
  needed: number[];
}

/**
 * Reads what the dynamic loader reads of an ELF file: the program headers and what they point to. Section headers
 * are ignored, as the loader ignores them.
 *
 * @param wanted the only imported symbols worth keeping
 * @returns a fault for bytes that the kernel or the loader would refuse
 */
export function parseElf(file: ByteWindow, wanted: ReadonlySet<string> = new Set()): ElfFile | ElfFault {
  const header = readElfHeader(file);
  if ('fault' in header) return header;
  const segments = readProgramHeaders(file, header);
  if ('fault' in segments) return segments;
  const stack = segments.find(({ type }) => type === PT_GNU_STACK);
  const elf: ElfFile = {
    bits: header.bits,
    littleEndian: header.littleEndian,
    machine: header.machine,
    type: header.type,
    dynamic: false,
    needed: [],
    rpath: [],
    runpath: [],
    noDefaultLibraries: false,
    pie: false,
    textRelocations: false,
    executableStack: stack !== undefined && (stack.flags & 1) !== 0,
    writableCode: segments.some(({ type, flags }) => type === PT_LOAD && (flags & 3) === 3),
    imports: new Set(),
    dlopen: [],
  };
  for (const { type, offset, size } of segments) {
    if (type === PT_LOAD && !(size === 0 || offset + size <= file.size))
      return { fault: 'a segment lies outside of the file: it is truncated' };
  }
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  if (interpreter !== undefined) {
    const bytes = interpreter.size > mostName ? undefined : file.slice(interpreter.offset, interpreter.size);
    const text = bytes === undefined ? undefined : untilNul(bytes, 0);
    if (text === undefined || text === '') return { fault: 'its program interpreter is not in the file' };
    elf.interpreter = text;
  }
  elf.dlopen = segments.flatMap(({ type, offset, size }) =>
    type === PT_NOTE && size <= 2 ** 20 ? readDlopenNotes(file.slice(offset, size), header) : [],
  );
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return elf;
  elf.dynamic = true;
  const fault = readDynamic(elf, file, header, segments, dynamic, wanted);
  return fault === undefined ? elf : { fault };
}

function readDynamic(
  elf: ElfFile,
  file: ByteWindow,
  header: ElfHeader,
  segments: readonly ProgramHeader[],
  dynamic: ProgramHeader,
  wanted: ReadonlySet<string>,
): string | undefined {
  const section = readEntries(file, header, dynamic);
  if (typeof section === 'string') return section;
  const { values, needed } = section;
  const flags1 = values.get(DT_FLAGS_1) ?? 0;
  elf.noDefaultLibraries = (flags1 & DF_1_NODEFLIB) !== 0;
  elf.pie = (flags1 & DF_1_PIE) !== 0;
  elf.textRelocations = values.has(DT_TEXTREL) || ((values.get(DT_FLAGS) ?? 0) & DF_TEXTREL) !== 0;
  const strings = readStrings(file, segments, values);
  if (strings === 'missing') return 'its string table is not in the file';
  if (strings === 'not-kept') {
    elf.incomplete = 'its string table lies too far into the file';
    return undefined;
  }
  const names = needed.map((at) => untilNul(strings, at));
  if (names.some((name) => name === undefined || name === ''))
    return 'a needed library has no name in its string table';
  elf.needed = names.filter((name) => name !== undefined);
  const text = (tag: number): string | undefined => {
    const at = values.get(tag);
    return at === undefined ? undefined : untilNul(strings, at);
  };
  const soname = text(DT_SONAME);
  if (soname !== undefined) elf.soname = soname;
  elf.rpath = splitPath(text(DT_RPATH));
  elf.runpath = splitPath(text(DT_RUNPATH));
  if (wanted.size > 0) elf.imports = readImports(file, header, segments, values, strings, wanted);
  return undefined;
}

function splitPath(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(':');
}

function readEntries(
  file: ByteWindow,
  header: ElfHeader,
  { offset, size }: ProgramHeader,
): DynamicSection | string {
  const numbers = new ElfNumbers(header.bits, header.littleEndian);
  const width = numbers.wide ? 16 : 8;
  const bytes = file.slice(offset, Math.min(size, mostDynamicEntries * width));
  if (bytes === undefined) return 'its dynamic section is not in the file';
  const values = new Map<number, number>();
  const needed: number[] = [];
  for (let at = 0; at + width <= bytes.length; at += width) {
    const tag = numbers.address(bytes, at);
    const value = numbers.address(bytes, at + width / 2);
    if (tag === 0) break;
    if (tag === DT_NEEDED) needed.push(value);
    else values.set(tag, value);
  }
  return { values, needed };
}

function readStrings(
  file: ByteWindow,
  segments: readonly ProgramHeader[],
  values: ReadonlyMap<number, number>,
): Buffer | 'missing' | 'not-kept' {
  const address = values.get(DT_STRTAB);
  const size = values.get(DT_STRSZ) ?? 0;
  if (address === undefined) return 'missing';
  const offset = toOffset(segments, address);
  if (offset === undefined || !(offset + size <= file.size)) return 'missing';
  return file.slice(offset, size) ?? 'not-kept';
}

/** The file offset of a loaded address. */
function toOffset(segments: readonly ProgramHeader[], address: number): number | undefined {
  const segment = segments.find(
    ({ type, address: start, size }) => type === PT_LOAD && address >= start && address < start + size,
  );
  return segment === undefined ? undefined : address - segment.address + segment.offset;
}

/** Linkers put the string table behind the symbols, which is the only way to tell how many there are. */
function readImports(
  file: ByteWindow,
  header: ElfHeader,
  segments: readonly ProgramHeader[],
  values: ReadonlyMap<number, number>,
  strings: Buffer,
  wanted: ReadonlySet<string>,
): Set<string> {
  const imports = new Set<string>();
  const numbers = new ElfNumbers(header.bits, header.littleEndian);
  const width = numbers.wide ? 24 : 16;
  const symbols = values.get(DT_SYMTAB);
  const behind = values.get(DT_STRTAB) ?? 0;
  const offset = symbols === undefined ? undefined : toOffset(segments, symbols);
  if (symbols === undefined || offset === undefined || (values.get(DT_SYMENT) ?? width) !== width)
    return imports;
  const count = Math.floor((behind - symbols) / width);
  if (!(count > 0 && count <= mostSymbols)) return imports;
  const table = file.slice(offset, count * width);
  if (table === undefined) return imports;
  for (let at = 0; at < table.length; at += width) {
    if (numbers.half(table, at + (numbers.wide ? 6 : 14)) !== 0) continue;
    const start = numbers.word(table, at);
    const end = strings.indexOf(0, start);
    if (start === 0 || end < 0 || end - start > 40) continue;
    const name = strings.toString('latin1', start, end);
    if (wanted.has(name)) imports.add(name);
  }
  return imports;
}

function untilNul(bytes: Buffer, at: number): string | undefined {
  if (!(at >= 0 && at < bytes.length)) return undefined;
  const end = bytes.indexOf(0, at);
  if (end < 0 || end - at > mostName) return undefined;
  return bytes.toString('utf8', at, end);
}
