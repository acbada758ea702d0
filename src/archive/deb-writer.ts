import { createHash } from 'node:crypto';
import { outputFault } from '../output/output-fault.ts';
import type { OutputFolder } from '../output/output-folder.ts';
import { writeOutput } from '../output/write-output.ts';
import { type Progress, silent } from '../system/progress.ts';
import { AR_MAGIC, arPadding, encodeArHeader } from './ar.ts';
import { groupSegments } from './data-layout.ts';
import type { TarEntry } from './entry.ts';
import { installedSizeKiB } from './installed-size.ts';
import { Md5Sums } from './md5sums.ts';
import { plainBlocks } from './plain-blocks.ts';
import type { SegmentEntry, TarSegment } from './segment.ts';
import { checkSegments } from './segment-rules.ts';
import { MAX_BLOCK, type XzProgram } from './xz-block.ts';
import { compressXz, type XzStream } from './xz-stream.ts';

export type { SegmentEntry, TarSegment } from './segment.ts';

export interface DebContents {
  /**
   * The data in its order: `.` first, folders before what is in them, paths ascending within a segment. What changes
   * most often belongs into a segment of its own, marked `apart`.
   */
  segments: readonly TarSegment[];
  /** Seconds since 1970, of the members and the control files. */
  mtime: number;
  /** The text of the control file, once the size is known. */
  control: (facts: { installedSizeKiB: number }) => string;
  /** Folder of blocks compressed before, by the SHA-256 of their plain bytes, xz's version and parameters. */
  blockCache: string;
  /** What compresses (default: the host's xz). The bytes depend on its version. */
  xz?: XzProgram;
  progress?: Progress;
  signal?: AbortSignal;
  /** How many xz run at a time (default: one a CPU). The bytes do not depend on it. */
  workers?: number;
}

/** Where a .deb goes: a path, or a name in a folder that is open already. */
export type DebTarget = string | { folder: OutputFolder; name: string };

/** See groupSegments: more would compress better, less would keep more of the cache when something changes. */
const GROUP = 6 * 2 ** 20;

/** Plain bytes of a block of md5sums: hashes hardly compress, so that small blocks cost little, and xz is slow with them. */
const MD5SUMS_BLOCK = 128 * 2 ** 10;

/**
 * Writes a .deb of format 2.0, deb(5), atomically and with mode 0644. Equal contents and an equal version of xz give
 * equal bytes, whatever the machine, the user and the cache. Memory does not grow with the archive: one block of
 * 16 MiB a worker.
 *
 * @returns size in bytes and SHA-256 of the file
 * @throws ProdngError ENTRY_REFUSED for entries out of order or unfit, HOST_LACKS without xz, COMPRESSION, IO; the
 *   signal's reason
 */
export async function writeDeb(
  target: DebTarget,
  contents: DebContents,
): Promise<{ size: number; sha256: string }> {
  const { segments, blockCache, xz, signal, workers, progress = silent } = contents;
  checkSegments(segments);
  const common = { blockCache, ...(xz && { xz }), ...(signal && { signal }), ...(workers && { workers }) };
  const streams: XzStream[] = [];
  try {
    const groups = groupSegments(segments, GROUP);
    const total = groups.reduce((sum, { size }) => sum + size, 0);
    const onAdvance = (done: number): void => progress.advance(Math.min(done, total), total);
    const md5sums = new Md5Sums();
    progress.step('Compressing');
    const data = await compressXz(plainBlocks(groups, MAX_BLOCK, md5sums), { ...common, onAdvance });
    streams.push(data);
    const control = await compressXz(controlBlocks(contents, md5sums.toBuffer()), common);
    streams.push(control);
    return await writeMembers(target, control, data, contents.mtime);
  } catch (error) {
    throw outputFault(typeof target === 'string' ? target : target.name, error, 'written');
  } finally {
    for (const stream of streams) await stream.close();
  }
}

function controlBlocks(contents: DebContents, md5sums: Buffer): Iterable<Buffer> {
  const { segments, mtime } = contents;
  const text = Buffer.from(contents.control({ installedSizeKiB: installedSizeKiB(allEntries(segments)) }));
  const control: SegmentEntry[] = [
    { entry: controlEntry('.', 'directory', 0o755, 0, mtime) },
    { entry: controlEntry('control', 'file', 0o644, text.length, mtime), content: text },
  ];
  const sums: SegmentEntry[] = [
    { entry: controlEntry('md5sums', 'file', 0o644, md5sums.length, mtime), content: md5sums },
  ];
  const groups = groupSegments(
    [
      { name: 'control', entries: control, apart: true },
      { name: 'md5sums', entries: sums },
    ],
    GROUP,
  );
  return plainBlocks(groups, MD5SUMS_BLOCK);
}

function controlEntry(
  path: string,
  type: 'file' | 'directory',
  mode: number,
  size: number,
  mtime: number,
): TarEntry {
  return { path, type, mode, uid: 0, gid: 0, uname: 'root', gname: 'root', mtime, size, linkPath: '' };
}

function* allEntries(segments: readonly TarSegment[]): Generator<TarEntry> {
  for (const { entries } of segments) for (const { entry } of entries) yield entry;
}

async function writeMembers(
  target: DebTarget,
  control: XzStream,
  data: XzStream,
  mtime: number,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of memberBytes(control, data, mtime)) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  if (typeof target === 'string') await writeOutput(target, bytes());
  else await target.folder.write(target.name, bytes());
  return { size, sha256: hash.digest('hex') };
}

async function* memberBytes(control: XzStream, data: XzStream, mtime: number): AsyncGenerator<Buffer> {
  const version = Buffer.from('2.0\n');
  yield AR_MAGIC;
  yield encodeArHeader('debian-binary', version.length, mtime);
  yield version;
  for (const [name, stream] of [['control.tar.xz', control] as const, ['data.tar.xz', data] as const]) {
    yield encodeArHeader(name, stream.size, mtime);
    yield* stream.chunks();
    yield arPadding(stream.size);
  }
}
