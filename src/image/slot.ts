import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { writeOutput } from '../output/write-output.ts';
import { layOutFat } from './fat.ts';
import { type ImageManifest, parseManifest } from './manifest.ts';
import {
  formatSlotHeader,
  parseSlotHeader,
  type SlotHeader,
  slotHeaderOffset,
  slotHeaderSize,
} from './slot-header.ts';

/** What a slot image is put together from. */
export interface SlotParts {
  /** Bytes of the partition. */
  slotSize: number;
  /** Seconds since 1970, of all files. */
  date: number;
  root: { hash: string; dataBlocks: number; hashBlocks: number };
  /** The squashfs, padded to whole blocks, and its hash tree behind it. */
  rootBytes: () => AsyncIterable<Uint8Array>;
  manifest: Buffer;
  /** Nothing when there is none. */
  signature: Buffer;
  uki: Buffer;
}

const paths = {
  root: ['PRODNG', 'ROOT.IMG'],
  manifest: ['PRODNG', 'MANIFEST.JSN'],
  signature: ['PRODNG', 'MANIFEST.SIG'],
  uki: ['EFI', 'BOOT', 'BOOTX64.EFI'],
} as const;

/**
 * Writes a slot image: a FAT32 file system with the UKI where firmware looks for it, and beside it the root, in one
 * piece, where init finds it by the slot's header. What follows the last file is left out.
 *
 * @throws ProdngError IMAGE when the parts do not fit the slot, IO
 */
export async function writeSlot(path: string, parts: SlotParts): Promise<{ size: number; sha256: string }> {
  const { root, manifest, signature, uki } = parts;
  const rootSize = (root.dataBlocks + root.hashBlocks) * 4096;
  const files = [
    { path: paths.root, size: rootSize },
    { path: paths.manifest, size: manifest.length },
    ...(signature.length === 0 ? [] : [{ path: paths.signature, size: signature.length }]),
    { path: paths.uki, size: uki.length },
  ];
  const layout = layOutFat(parts.slotSize, files, Number.parseInt(root.hash.slice(0, 8), 16), parts.date);
  const [rootOffset = 0, manifestOffset = 0, ...rest] = layout.offsets;
  const ukiOffset = rest.at(-1) ?? 0;
  const header: SlotHeader = {
    rootHash: root.hash,
    rootOffset,
    dataBlocks: root.dataBlocks,
    hashBlocks: root.hashBlocks,
    manifest: { offset: manifestOffset, size: manifest.length },
    signature: { offset: signature.length === 0 ? 0 : (rest[0] ?? 0), size: signature.length },
    uki: { offset: ukiOffset, size: uki.length },
    end: layout.end,
  };
  formatSlotHeader(header).copy(layout.head, slotHeaderOffset);
  const hash = createHash('sha256');
  let size = 0;
  await writeOutput(path, measured());
  return { size, sha256: hash.digest('hex') };

  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const bytes of slotBytes(layout.head, header, parts)) {
      hash.update(bytes);
      size += bytes.length;
      yield bytes;
    }
  }
}

async function* slotBytes(head: Buffer, header: SlotHeader, parts: SlotParts): AsyncGenerator<Uint8Array> {
  const { manifest, signature, uki } = parts;
  yield head;
  let at = head.length;
  for await (const chunk of parts.rootBytes()) {
    yield chunk;
    at += chunk.length;
  }
  const rootEnd = header.rootOffset + (header.dataBlocks + header.hashBlocks) * 4096;
  if (at !== rootEnd) throw new ProdngError('INTERNAL', `the root ends at ${at}, not at ${rootEnd}`);
  const rest = [
    { offset: header.manifest.offset, bytes: manifest },
    ...(signature.length === 0 ? [] : [{ offset: header.signature.offset, bytes: signature }]),
    { offset: header.uki.offset, bytes: uki },
    { offset: header.end, bytes: Buffer.alloc(0) },
  ];
  for (const { offset, bytes } of rest) {
    yield Buffer.alloc(offset - at);
    yield bytes;
    at = offset + bytes.length;
  }
}

/** A slot image, or a slot of a disk, that was opened. Nothing of it is verified yet. */
export interface OpenSlot {
  path: string;
  header: SlotHeader;
  manifest: ImageManifest;
  manifestBytes: Buffer;
  signature: Buffer;
  uki: Buffer;
  /** The squashfs and its tree. */
  rootBytes(): AsyncIterable<Uint8Array>;
  /** Only the squashfs. */
  squashfs(): AsyncIterable<Uint8Array>;
  /** Bytes of the squashfs. */
  readRoot(offset: number, size: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens a slot image or the partition of a slot.
 *
 * @param start where the slot begins in the file, in bytes
 * @throws ProdngError IMAGE when it is none, IO
 */
export async function openSlot(path: string, start = 0): Promise<OpenSlot> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
  try {
    const read = (offset: number, size: number): Promise<Buffer> =>
      readExactly(file, path, start + offset, size);
    const header = parseSlotHeader(await read(slotHeaderOffset, slotHeaderSize), path);
    const { manifest, signature, uki, rootOffset, dataBlocks, hashBlocks } = header;
    const manifestBytes = await read(manifest.offset, manifest.size);
    return {
      path,
      header,
      manifest: parseManifest(manifestBytes.toString('utf8'), path),
      manifestBytes,
      signature: await read(signature.offset, signature.size),
      uki: await read(uki.offset, uki.size),
      rootBytes: () => chunks(file, path, start + rootOffset, (dataBlocks + hashBlocks) * 4096),
      readRoot: (offset, size) => read(rootOffset + offset, size),
      squashfs: () => chunks(file, path, start + rootOffset, dataBlocks * 4096),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const chunkSize = 1 << 20;

async function* chunks(
  file: FileHandle,
  path: string,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; done += chunkSize)
    yield await readExactly(file, path, offset + done, Math.min(chunkSize, size - done));
}

async function readExactly(file: FileHandle, path: string, offset: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  for (let done = 0; done < size; ) {
    const { bytesRead } = await file.read(bytes, done, size - done, offset + done);
    if (bytesRead === 0) throw new ProdngError('IMAGE', `${path}: no slot image: it is cut off`);
    done += bytesRead;
  }
  return bytes;
}
