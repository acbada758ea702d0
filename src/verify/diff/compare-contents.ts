import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readAt } from '../../archive/ar.ts';
import { type Compression, decompress } from '../../archive/compression.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { compareElf } from './compare-elf.ts';
import { isElf, readElfView } from './elf-view.ts';
import type { ContentDetail } from './file-change.ts';
import { unifiedDiff } from './unified-diff.ts';

/** Text beyond this is compared as bytes: no person reads such a diff. */
const mostText = 8 * 2 ** 20;
const piece = 65_536;

/**
 * Says what differs between two files of other contents.
 *
 * @param folder for files in between
 * @returns undefined when nothing but a time stamp does: that in a gzip header
 */
export async function compareContents(
  before: string,
  after: string,
  folder: string,
): Promise<ContentDetail | undefined> {
  const [old, now] = [await open(before, 'r'), await open(after, 'r')];
  try {
    if ((await isElf(old)) && (await isElf(now))) {
      const [oldView, newView] = [await readElfView(old), await readElfView(now)];
      if ('fault' in oldView || 'fault' in newView) return await compareBytes(old, now);
      const lines = compareElf(oldView, newView);
      return lines.length > 0 ? { kind: 'elf', lines } : await compareBytes(old, now);
    }
    const kinds = [await compressionOf(old), await compressionOf(now)];
    if (kinds[0] !== undefined && kinds[0] === kinds[1])
      return (
        (await compareUnpacked(before, after, folder, kinds[0])) ??
        (await compareWrapping(old, now, kinds[0]))
      );
    return await compareText(before, after, old, now);
  } finally {
    await old.close();
    await now.close();
  }
}

async function compareText(
  before: string,
  after: string,
  old: FileHandle,
  now: FileHandle,
): Promise<ContentDetail> {
  if (!(await isText(old)) || !(await isText(now))) return await compareBytes(old, now);
  try {
    const { diff, omitted } = await unifiedDiff(before, after);
    return { kind: 'text', diff, ...(omitted === 0 ? {} : { omitted }) };
  } catch (error) {
    // texts made to be slow to compare still differ
    if (!(error instanceof ProdngError) || error.code !== 'COMMAND_FAILED') throw error;
    return await compareBytes(old, now);
  }
}

type Packed = Extract<Compression, 'gz' | 'xz' | 'zstd'>;

const magics: readonly (readonly [Packed, Buffer])[] = [
  ['gz', Buffer.from([0x1f, 0x8b, 0x08])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
];

async function compressionOf(file: FileHandle): Promise<Packed | undefined> {
  const start = await readAt(file, 0, 6);
  return magics.find(([, magic]) => start.subarray(0, magic.length).equals(magic))?.[0];
}

/** Undefined when the plain contents are equal. What cannot be unpacked is compared as bytes. */
async function compareUnpacked(
  before: string,
  after: string,
  folder: string,
  kind: Packed,
): Promise<ContentDetail | undefined> {
  const [old, now] = [join(folder, 'old-plain'), join(folder, 'new-plain')];
  try {
    await unpack(before, kind, old);
    await unpack(after, kind, now);
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    return { kind: 'binary', lines: [`cannot be unpacked: ${error.message}`] };
  }
  const [oldFile, newFile] = [await open(old, 'r'), await open(now, 'r')];
  try {
    if ((await firstDifference(oldFile, newFile)) === undefined) return undefined;
    return { ...(await compareText(old, now, oldFile, newFile)), unpackedWith: kind };
  } finally {
    await oldFile.close();
    await newFile.close();
  }
}

/** A bomb ends as soon as it is larger than any text that is shown. */
async function unpack(path: string, kind: Packed, target: string): Promise<void> {
  const file = await open(target, 'w', 0o600);
  let size = 0;
  try {
    for await (const chunk of decompress(kind, createReadStream(path))) {
      size += chunk.length;
      if (size > 4 * mostText) throw new ProdngError('ARCHIVE_TOO_LARGE', `more than ${4 * mostText} bytes`);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
}

/** The same in another wrapping. Bytes 4 to 7 of a gzip header are a time: RFC 1952, 2.3.1. */
async function compareWrapping(
  old: FileHandle,
  now: FileHandle,
  kind: Packed,
): Promise<ContentDetail | undefined> {
  const [oldSize, newSize] = [(await old.stat()).size, (await now.stat()).size];
  const [oldStart, newStart] = [await readAt(old, 0, 8), await readAt(now, 0, 8)];
  oldStart.fill(0, 4);
  newStart.fill(0, 4);
  const isTime =
    kind === 'gz' &&
    oldSize === newSize &&
    oldStart.equals(newStart) &&
    (await firstDifference(old, now, 8)) === undefined;
  return isTime ? undefined : { kind: 'binary', lines: [`the same content, compressed otherwise (${kind})`] };
}

async function isText(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size > mostText) return false;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (let at = 0; at < size; at += piece) {
      const bytes = await readAt(file, at, piece);
      if (bytes.includes(0)) return false;
      decoder.decode(bytes, { stream: true });
    }
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

async function compareBytes(old: FileHandle, now: FileHandle): Promise<ContentDetail> {
  const at = await firstDifference(old, now);
  if (at === undefined) return { kind: 'binary' };
  const hex = async (file: FileHandle): Promise<string> =>
    (await readAt(file, at, 8)).toString('hex') || 'the end';
  const lines = [`the first byte that differs is ${at}: ${await hex(old)} -> ${await hex(now)}`];
  return { kind: 'binary', lines };
}

/** The offset of the first byte that differs, or undefined when none does. */
async function firstDifference(old: FileHandle, now: FileHandle, from = 0): Promise<number | undefined> {
  for (let at = from; ; at += piece) {
    const [a, b] = [await readAt(old, at, piece), await readAt(now, at, piece)];
    if (!a.equals(b)) {
      const length = Math.min(a.length, b.length);
      for (let index = 0; index < length; index += 1) if (a[index] !== b[index]) return at + index;
      return at + length;
    }
    if (a.length < piece) return undefined;
  }
}
