import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { readAt, readRange } from '../../archive/ar.ts';
import { ElfNumbers, elfMagic, readElfHeader } from '../../lint/elf/elf-header.ts';

/** What a person compares of two ELF files. */
export interface ElfView {
  machine: number;
  type: number;
  /** By name; sections of one name are numbered. */
  sections: Map<string, { size: number; sha256: string }>;
  needed: string[];
  soname: string;
  runpath: string;
  /** Defined dynamic symbols as `T name`, those it wants of others as `U name`. */
  symbols: Set<string>;
}

const mostSections = 4096;
const mostTable = 64 * 2 ** 20;
const mostName = 4096;

const SHT_STRTAB = 3;
const SHT_DYNAMIC = 6;
const SHT_NOBITS = 8;
const SHT_DYNSYM = 11;
const DT_NEEDED = 1;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

interface Section {
  name: string;
  type: number;
  offset: number;
  size: number;
  link: number;
}

/** Whether a file begins like an ELF file. */
export async function isElf(file: FileHandle): Promise<boolean> {
  return (await readAt(file, 0, 4)).equals(elfMagic);
}

/**
 * Reads the section headers, the dynamic section and the dynamic symbols of a file; System V ABI, chapters 4 and 5.
 *
 * @returns the reason when the file is malformed: what is compared then is its bytes
 */
export async function readElfView(file: FileHandle): Promise<ElfView | { fault: string }> {
  const { size } = await file.stat();
  const start = await readAt(file, 0, 64);
  const header = readElfHeader({
    size,
    slice: (offset, length) =>
      offset + length <= start.length ? start.subarray(offset, offset + length) : undefined,
  });
  if ('fault' in header) return header;
  const numbers = new ElfNumbers(header.bits, header.littleEndian);
  const sections = await readSections(file, size, start, numbers);
  if ('fault' in sections) return sections;
  const view: ElfView = {
    machine: header.machine,
    type: header.type,
    sections: new Map(),
    needed: [],
    soname: '',
    runpath: '',
    symbols: new Set(),
  };
  const table = async (section: Section | undefined): Promise<Buffer> =>
    section === undefined || section.size > mostTable
      ? Buffer.alloc(0)
      : await readAt(file, section.offset, section.size);
  for (const section of sections) {
    if (section.type === 0) continue;
    const digest = section.type === SHT_NOBITS ? '' : await hashOf(file, section);
    view.sections.set(freeName(section.name, view.sections), { size: section.size, sha256: digest });
    const strings = sections[section.link];
    if (strings?.type !== SHT_STRTAB) continue;
    if (section.type === SHT_DYNAMIC) addDynamic(view, await table(section), await table(strings), numbers);
    if (section.type === SHT_DYNSYM) addSymbols(view, await table(section), await table(strings), numbers);
  }
  return view;
}

async function readSections(
  file: FileHandle,
  fileSize: number,
  header: Buffer,
  numbers: ElfNumbers,
): Promise<Section[] | { fault: string }> {
  const { wide } = numbers;
  const offset = numbers.address(header, wide ? 40 : 32);
  const width = numbers.half(header, wide ? 58 : 46);
  const count = numbers.half(header, wide ? 60 : 48);
  const names = numbers.half(header, wide ? 62 : 50);
  if (count === 0 || offset === 0) return [];
  if (width !== (wide ? 64 : 40)) return { fault: `its section headers are of ${width} bytes` };
  if (count > mostSections) return { fault: `it has ${count} sections` };
  if (!(offset + count * width <= fileSize)) return { fault: 'its section headers are not in the file' };
  const bytes = await readAt(file, offset, count * width);
  const found = Array.from({ length: count }, (_, index) => {
    const at = index * width;
    return {
      nameAt: numbers.word(bytes, at),
      type: numbers.word(bytes, at + 4),
      offset: numbers.address(bytes, at + (wide ? 24 : 16)),
      size: numbers.address(bytes, at + (wide ? 32 : 20)),
      link: numbers.word(bytes, at + (wide ? 40 : 24)),
    };
  });
  const outside = found.findIndex(
    ({ type, offset: from, size }) => type !== 0 && type !== SHT_NOBITS && !(from + size <= fileSize),
  );
  if (outside >= 0) return { fault: `its section ${outside} is not in the file` };
  const nameTable = found[names];
  const text =
    nameTable === undefined || nameTable.type !== SHT_STRTAB || nameTable.size > mostTable
      ? Buffer.alloc(0)
      : await readAt(file, nameTable.offset, nameTable.size);
  return found.map(({ nameAt, ...section }, index) => ({
    ...section,
    name: textAt(text, nameAt) || `section ${index}`,
  }));
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} (${number})`;
  return free;
}

async function hashOf(file: FileHandle, { offset, size }: Section): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of readRange(file, offset, size)) hash.update(piece);
  return hash.digest('hex');
}

function addDynamic(view: ElfView, bytes: Buffer, strings: Buffer, numbers: ElfNumbers): void {
  const width = numbers.wide ? 16 : 8;
  for (let at = 0; at + width <= bytes.length; at += width) {
    const tag = numbers.address(bytes, at);
    const value = textAt(strings, numbers.address(bytes, at + width / 2));
    if (tag === 0) return;
    if (tag === DT_NEEDED && view.needed.length < mostSections) view.needed.push(value);
    if (tag === DT_SONAME) view.soname = value;
    if (tag === DT_RPATH || tag === DT_RUNPATH) view.runpath = value;
  }
}

function addSymbols(view: ElfView, bytes: Buffer, strings: Buffer, numbers: ElfNumbers): void {
  const width = numbers.wide ? 24 : 16;
  for (let at = width; at + width <= bytes.length; at += width) {
    const name = textAt(strings, numbers.word(bytes, at));
    const isDefined = numbers.half(bytes, at + (numbers.wide ? 6 : 14)) !== 0;
    if (name !== '') view.symbols.add(`${isDefined ? 'T' : 'U'} ${name}`);
  }
}

function textAt(bytes: Buffer, at: number): string {
  if (!(at >= 0 && at < bytes.length)) return '';
  const end = bytes.indexOf(0, at);
  return end < 0 || end - at > mostName ? '' : bytes.toString('utf8', at, end);
}
