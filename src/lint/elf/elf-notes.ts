import { type ElfHeader, ElfNumbers } from './elf-header.ts';
import type { DlopenNote } from './elf-types.ts';

/** The note type of `.note.dlopen`, UAPI group's "ELF dlopen metadata". */
const noteType = 0x407c0c0a;

/** The libraries that a program says it opens at run time. Notes that are not well-formed say nothing. */
export function readDlopenNotes(bytes: Buffer | undefined, header: ElfHeader): DlopenNote[] {
  if (bytes === undefined) return [];
  const numbers = new ElfNumbers(header.bits, header.littleEndian);
  const notes: DlopenNote[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = numbers.word(bytes, at);
    const size = numbers.word(bytes, at + 4);
    const start = at + 12 + align(nameSize);
    const end = start + size;
    if (end > bytes.length) break;
    if (numbers.word(bytes, at + 8) === noteType && bytes.toString('latin1', at + 12, at + 15) === 'FDO')
      notes.push(...parseNote(bytes.toString('utf8', start, end).replace(/\0+$/, '')));
    at = start + align(size);
  }
  return notes;
}

function align(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function parseNote(text: string): DlopenNote[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('soname' in item) || !Array.isArray(item.soname))
      return [];
    const sonames = item.soname.filter((name: unknown) => typeof name === 'string');
    const feature = 'feature' in item && typeof item.feature === 'string' ? item.feature : '';
    const priority = 'priority' in item && typeof item.priority === 'string' ? item.priority : 'recommended';
    return sonames.length === 0 ? [] : [{ feature, priority, sonames }];
  });
}
