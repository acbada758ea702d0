import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errnoOf } from '../../error/prodng-error.ts';
import { folderNames } from '../../system/folder-names.ts';

/** A file, or several that are read as one. */
export interface ReadableFile {
  stat(): Promise<{ size: number }>;
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<unknown>;
  close(): Promise<void>;
}

/** What is kept of a log: its segments one after the other. Positions are counted from the first byte that is kept. */
export interface OpenLog extends ReadableFile {
  /** Bytes that were written before the first one that is kept. */
  readonly base: number;
  readonly size: number;
}

/**
 * Where the segments of a log end that it does not write to any more, in bytes since the log began. The keeper renames
 * `NAME.log` to `NAME.log-END` when it is full and removes those before it: the name tells what came before, however
 * many are gone.
 */
async function olderEnds(path: string): Promise<number[]> {
  const prefix = `${basename(path)}-`;
  return (await folderNames(dirname(path)))
    .filter((name) => name.startsWith(prefix) && /^\d{1,15}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .toSorted((a, b) => a - b);
}

/** Files of the segments of a log that it does not write to any more, the oldest first. */
export async function olderSegments(path: string): Promise<string[]> {
  return (await olderEnds(path)).map((end) => `${path}-${end}`);
}

/** The keeper may begin a new segment meanwhile: then it is opened again. */
const tries = 20;

/** Opens all segments of a log as they are at one moment; undefined when there is none. */
export async function openLog(path: string): Promise<OpenLog | undefined> {
  for (let left = tries; ; left--) {
    const ends = await olderEnds(path);
    const files: (FileHandle | undefined)[] = [];
    for (const file of [...ends.map((end) => `${path}-${end}`), path]) files.push(await opened(file));
    const isSame =
      files.slice(0, -1).every((file) => file !== undefined) &&
      String(await olderEnds(path)) === String(ends);
    if (isSame || left === 0) return joined(files, ends);
    for (const file of files) await file?.close();
  }
}

async function joined(
  files: readonly (FileHandle | undefined)[],
  ends: readonly number[],
): Promise<OpenLog | undefined> {
  const segments: { file: FileHandle; begin: number; end: number }[] = [];
  for (const [index, file] of files.entries()) {
    if (file === undefined) continue;
    const { size } = await file.stat();
    const end = ends[index];
    const begin = end === undefined ? (ends.at(-1) ?? 0) : end - size;
    segments.push({ file, begin, end: begin + size });
  }
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const base = first.begin;
  const size = last.end - base;
  return {
    base,
    size,
    stat: async () => ({ size }),
    async read(buffer, offset, length, position) {
      for (const { file, begin, end } of segments) {
        const from = Math.max(position, begin - base);
        const to = Math.min(position + length, end - base);
        if (from < to) await file.read(buffer, offset + from - position, to - from, from - (begin - base));
      }
    },
    async close() {
      await Promise.all(segments.map(({ file }) => file.close()));
    },
  };
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a log with all its segments. */
export async function removeLog(path: string): Promise<void> {
  for (const file of [path, ...(await olderSegments(path))]) await rm(file, { force: true });
}
