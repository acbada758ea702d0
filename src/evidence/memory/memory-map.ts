/** A mapping of a process, proc_pid_maps(5). */
export interface Mapping {
  start: bigint;
  end: bigint;
  /** `rwxp` */
  flags: string;
  offset: bigint;
  /** Of the file behind it; 0 for anonymous memory. */
  inode: number;
  /** A path, `[heap]`, ..., or nothing. */
  name: string;
}

/** Parses /proc/PID/maps. Lines that are none are left out. */
export function parseMaps(text: string): Mapping[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ([rwxsp-]{4}) ([0-9a-f]+) [0-9a-f]+:[0-9a-f]+ (\d+) *(.*)$/.exec(
      line,
    );
    if (match === null) return [];
    const [, start = '0', end = '0', flags = '', offset = '0', inode = '0', name = ''] = match;
    return [
      {
        start: BigInt(`0x${start}`),
        end: BigInt(`0x${end}`),
        flags,
        offset: BigInt(`0x${offset}`),
        inode: Number(inode),
        name,
      },
    ];
  });
}

/** Part of the memory of a process. */
export interface Extent {
  start: bigint;
  end: bigint;
  flags: string;
  /** Whether its bytes are in the core; others were never touched, or are in a file that the core names. */
  isKept: boolean;
}

/** Pages that lie between two that are there, and are cheaper to keep than another segment. */
const gap = 16n;

/**
 * What of a mapping goes into a core. Of anonymous memory, the pages that exist: a runtime may reserve a terabyte and
 * touch a megabyte of it.
 *
 * @param isPresent whether a page is in memory or swap; asked in ascending order
 */
export function extentsOf(
  { start, end, flags, inode }: Mapping,
  pageSize: bigint,
  isPresent: (page: bigint) => boolean,
): Extent[] {
  if (inode !== 0) return [{ start, end, flags, isKept: true }];
  const extents: Extent[] = [];
  let at = start;
  for (let address = start; address < end; address += pageSize) {
    if (!isPresent(address / pageSize)) continue;
    const last = extents.at(-1);
    if (last !== undefined && address - last.end <= gap * pageSize) last.end = address + pageSize;
    else {
      if (last !== undefined) at = last.end;
      if (address > at) extents.push({ start: at, end: address, flags, isKept: false });
      extents.push({ start: address, end: address + pageSize, flags, isKept: true });
    }
  }
  const last = extents.at(-1)?.end ?? start;
  if (last < end) extents.push({ start: last, end, flags, isKept: false });
  return extents;
}

/** Memory that is not for reading: of devices, or of the kernel's own making. */
export function isReadable({ flags, name }: Mapping): boolean {
  if (name === '[vvar]' || name === '[vvar_vclock]' || name === '[vsyscall]') return false;
  if (name.startsWith('/dev/') && !name.startsWith('/dev/shm/') && !name.startsWith('/dev/zero'))
    return false;
  return flags.slice(0, 3) !== '---';
}
