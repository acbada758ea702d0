import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { errnoOf } from '../../error/prodng-error.ts';
import type { BundleWriter } from '../bundle/bundle-writer.ts';
import { type CoreProcess, makeCore, mostSegments } from './elf-core.ts';
import { type Extent, extentsOf, isReadable, type Mapping, parseMaps } from './memory-map.ts';
import { parseSyscall } from './registers.ts';

const artifact = 'ProdNGJailMemory';
/** What Linux has on x86-64 and, in Debian's kernels, on arm64. */
const pageSize = 4096;
const piece = 2 ** 20;

/**
 * The memory of a frozen process as an ELF core that gdb reads.
 *
 * @param deadline by performance.now(): what is not read by then is zeros, as the process does not stay frozen
 */
export async function collectMemory(bundle: BundleWriter, pid: number, deadline: number): Promise<void> {
  const source = `/proc/${pid}/mem`;
  try {
    const memory = openSync(source, 'r');
    try {
      const process_ = readProcess(pid);
      const { extents, tooLarge } = planExtents(pid, process_);
      for (const { start, end } of tooLarge)
        bundle.missing(
          source,
          artifact,
          'LIMIT',
          `${start.toString(16)}-${end.toString(16)}: mappings of more than ${mostPages} pages in all are left out`,
        );
      if (extents.length > mostSegments) {
        bundle.missing(source, artifact, 'LIMIT', `${extents.length} segments are more than a core can have`);
        return;
      }
      const core = makeCore(process_, extents, pageSize, process.arch);
      if (core === undefined) {
        bundle.missing(source, artifact, 'ENOTSUP', `no cores of ${process.arch} can be written`);
        return;
      }
      const faults = new Map<string, bigint>();
      const pieces = contentOf(memory, core.head, extents, faults, deadline);
      await bundle.add({ path: `memory/${pid}.core`, source, artifact }, { size: core.size, pieces });
      for (const [errno, bytes] of faults)
        bundle.missing(source, artifact, errno, `${bytes} bytes could not be read and are zeros in the core`);
    } finally {
      closeSync(memory);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    bundle.failed(source, artifact, error);
  }
}

function readProcess(pid: number): CoreProcess {
  const text = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  const status = text('status');
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return {
    pid,
    ppid: Number(field('PPid')),
    uid: Number(field('Uid')),
    gid: Number(field('Gid')),
    state: field('State'),
    comm: text('comm').trim(),
    command: text('cmdline').replaceAll('\0', ' ').trim(),
    auxv: readFileSync(`/proc/${pid}/auxv`),
    threads: readdirSync(`/proc/${pid}/task`).map((tid) => ({
      tid: Number(tid),
      registers: parseSyscall(text(`task/${tid}/syscall`)),
    })),
    mappings: parseMaps(text('maps')),
  };
}

/** Pages whose presence is asked for, of one process: a jail may reserve terabytes that it never touches. */
const mostPages = 2 ** 24;

function planExtents(
  pid: number,
  { mappings }: CoreProcess,
): { extents: Extent[]; tooLarge: readonly Mapping[] } {
  const pagemap = new PageMap(pid);
  const tooLarge: Mapping[] = [];
  let left = mostPages;
  try {
    const extents = mappings.filter(isReadable).flatMap((mapping) => {
      const pages = Number((mapping.end - mapping.start) / BigInt(pageSize));
      if (pages > left) {
        tooLarge.push(mapping);
        return [{ start: mapping.start, end: mapping.end, flags: mapping.flags, isKept: false }];
      }
      left -= pages;
      return extentsOf(mapping, BigInt(pageSize), (page) => pagemap.isPresent(Number(page)));
    });
    return { extents, tooLarge };
  } finally {
    pagemap.close();
  }
}

/** /proc/PID/pagemap, Documentation/admin-guide/mm/pagemap.rst, read by blocks. */
class PageMap {
  readonly #fd: number;
  readonly #block = Buffer.alloc(2 ** 16);
  #first = -1;
  #count = 0;

  constructor(pid: number) {
    this.#fd = openSync(`/proc/${pid}/pagemap`, 'r');
  }

  isPresent(page: number): boolean {
    if (this.#first < 0 || page < this.#first || page >= this.#first + this.#count) this.#load(page);
    // bit 63: in memory, bit 62: in swap
    return page < this.#first + this.#count && (this.#block[(page - this.#first) * 8 + 7] ?? 0) >= 0x40;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #load(page: number): void {
    this.#first = page;
    this.#count = Math.floor(readSync(this.#fd, this.#block, 0, this.#block.length, page * 8) / 8);
  }
}

function* contentOf(
  memory: number,
  head: Buffer,
  extents: readonly Extent[],
  faults: Map<string, bigint>,
  deadline: number,
): Generator<Buffer> {
  yield head;
  for (const { start, end, isKept } of extents) {
    if (!isKept) continue;
    for (let at = start; at < end; ) {
      const wanted = Number(end - at < BigInt(piece) ? end - at : BigInt(piece));
      const bytes = Buffer.alloc(wanted);
      if (performance.now() > deadline) {
        faults.set('LIMIT', (faults.get('LIMIT') ?? 0n) + BigInt(wanted));
        yield bytes;
        at += BigInt(wanted);
        continue;
      }
      const { read, errno } = readAt(memory, bytes, at);
      // the kernel reads up to the page that it cannot read
      const skipped = read === wanted ? 0 : Math.min(pageSize, wanted - read);
      if (skipped > 0) faults.set(errno, (faults.get(errno) ?? 0n) + BigInt(skipped));
      yield bytes.subarray(0, read + skipped);
      at += BigInt(read + skipped);
    }
  }
}

function readAt(memory: number, bytes: Buffer, position: bigint): { read: number; errno: string } {
  try {
    const read = readSync(memory, bytes, 0, bytes.length, position);
    return { read, errno: 'EIO' };
  } catch (error) {
    return { read: 0, errno: errnoOf(error) ?? 'EIO' };
  }
}
