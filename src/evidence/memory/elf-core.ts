import type { Extent, Mapping } from './memory-map.ts';
import { layoutOf, type Registers, registerSet } from './registers.ts';

/** A process as its core describes it. */
export interface CoreProcess {
  pid: number;
  ppid: number;
  uid: number;
  gid: number;
  /** R, S, ... */
  state: string;
  comm: string;
  command: string;
  /** /proc/PID/auxv */
  auxv: Buffer;
  threads: readonly { tid: number; registers: Registers | undefined }[];
  mappings: readonly Mapping[];
}

export interface Core {
  /** ELF header, program headers and notes. The kept extents follow, in their order. */
  head: Buffer;
  /** Bytes of the whole core. */
  size: number;
}

const NT_PRSTATUS = 1;
const NT_PRPSINFO = 3;
const NT_AUXV = 6;
const NT_FILE = 0x46494c45;
const [PT_LOAD, PT_NOTE] = [1, 4];
const headerSize = 64;
const segmentSize = 56;
/** More segments have another way to be counted (PN_XNUM), which few readers know. */
export const mostSegments = 0xfffe;

/**
 * Makes the beginning of an ELF core file, elf(5) and core(5), as Linux writes it for x86-64 and arm64.
 *
 * @param extents in ascending order, {@link mostSegments} at most
 * @returns undefined for another machine
 */
export function makeCore(
  process: CoreProcess,
  extents: readonly Extent[],
  pageSize: number,
  architecture: string,
): Core | undefined {
  const layout = layoutOf(architecture);
  if (layout === undefined) return undefined;
  const [first, ...others] = process.threads;
  const status = ({ tid, registers }: { tid: number; registers: Registers | undefined }) =>
    note(NT_PRSTATUS, threadStatus(tid, process, registerSet(layout, registers)));
  const notes = Buffer.concat([
    ...(first === undefined ? [] : [status(first)]),
    note(NT_PRPSINFO, processInfo(process)),
    note(NT_AUXV, process.auxv),
    note(NT_FILE, fileNote(process.mappings, BigInt(pageSize))),
    ...others.map(status),
  ]);
  const notesAt = headerSize + segmentSize * (extents.length + 1);
  const contentAt = Math.ceil((notesAt + notes.length) / pageSize) * pageSize;
  const head = Buffer.alloc(contentAt);
  elfHeader(extents.length + 1, layout.machine).copy(head);
  segment(PT_NOTE, 0, BigInt(notesAt), 0n, BigInt(notes.length), 0n, 4n).copy(head, headerSize);
  notes.copy(head, notesAt);
  let offset = BigInt(contentAt);
  for (const [index, { start, end, flags, isKept }] of extents.entries()) {
    const kept = isKept ? end - start : 0n;
    segment(PT_LOAD, flagBits(flags), offset, start, kept, end - start, BigInt(pageSize)).copy(
      head,
      headerSize + segmentSize * (index + 1),
    );
    offset += kept;
  }
  return { head, size: Number(offset) };
}

function elfHeader(segments: number, machine: number): Buffer {
  const header = Buffer.alloc(headerSize);
  // ELFCLASS64, ELFDATA2LSB, EV_CURRENT
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  // ET_CORE
  header.writeUInt16LE(4, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(headerSize), 32);
  header.writeUInt16LE(headerSize, 52);
  header.writeUInt16LE(segmentSize, 54);
  header.writeUInt16LE(segments, 56);
  return header;
}

function segment(
  type: number,
  flags: number,
  offset: bigint,
  address: bigint,
  fileSize: bigint,
  memorySize: bigint,
  align: bigint,
): Buffer {
  const header = Buffer.alloc(segmentSize);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  header.writeBigUInt64LE(offset, 8);
  header.writeBigUInt64LE(address, 16);
  header.writeBigUInt64LE(fileSize, 32);
  header.writeBigUInt64LE(memorySize, 40);
  header.writeBigUInt64LE(align, 48);
  return header;
}

/** PF_X 1, PF_W 2, PF_R 4 */
function flagBits(flags: string): number {
  return (flags[0] === 'r' ? 4 : 0) | (flags[1] === 'w' ? 2 : 0) | (flags[2] === 'x' ? 1 : 0);
}

function note(type: number, content: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt32LE(5, 0);
  header.writeUInt32LE(content.length, 4);
  header.writeUInt32LE(type, 8);
  header.write('CORE\0', 12, 'latin1');
  return Buffer.concat([header, content, Buffer.alloc((4 - (content.length % 4)) % 4)]);
}

/** struct elf_prstatus, include/linux/elfcore.h */
function threadStatus(tid: number, { ppid }: CoreProcess, registers: Buffer): Buffer {
  const status = Buffer.alloc(112 + registers.length + 8);
  status.writeInt32LE(tid, 32);
  status.writeInt32LE(ppid, 36);
  registers.copy(status, 112);
  return status;
}

/** struct elf_prpsinfo */
function processInfo({ pid, ppid, uid, gid, state, comm, command }: CoreProcess): Buffer {
  const info = Buffer.alloc(136);
  info.writeInt8(Math.max(0, 'RSDTZW'.indexOf(state)), 0);
  info.write(state.slice(0, 1), 1, 'latin1');
  info.writeUInt32LE(uid, 16);
  info.writeUInt32LE(gid, 20);
  info.writeInt32LE(pid, 24);
  info.writeInt32LE(ppid, 28);
  info.write(comm.slice(0, 15), 40, 15, 'latin1');
  info.write(command.slice(0, 79), 56, 79, 'latin1');
  return info;
}

/** Which files are mapped where: the count, the size of a page, three numbers a mapping, then the names. */
function fileNote(mappings: readonly Mapping[], pageSize: bigint): Buffer {
  const files = mappings.filter(({ inode, name }) => inode !== 0 && name !== '');
  const numbers = Buffer.alloc(16 + 24 * files.length);
  numbers.writeBigUInt64LE(BigInt(files.length), 0);
  numbers.writeBigUInt64LE(pageSize, 8);
  for (const [index, { start, end, offset }] of files.entries()) {
    numbers.writeBigUInt64LE(start, 16 + 24 * index);
    numbers.writeBigUInt64LE(end, 24 + 24 * index);
    numbers.writeBigUInt64LE(offset / pageSize, 32 + 24 * index);
  }
  return Buffer.concat([numbers, ...files.map(({ name }) => Buffer.from(`${name}\0`))]);
}
