import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../error/prodng-error.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { readAt } from './ar.ts';
import type { XzBlock } from './xz-block.ts';
import { roundUp, type XzRecord } from './xz-format.ts';

/** A block in its file, held open: cleaning the cache meanwhile does not remove it. */
export interface CachedBlock {
  record: XzRecord;
  file: FileHandle;
}

/** SHA-256 of the file's name and of everything before it. */
const DIGEST = 32;
/** Two sizes of eight bytes each, and the digest. */
const TRAILER = 16 + DIGEST;

/**
 * Compressed blocks in a folder, named by what they were made from. A file is the block, its sizes and a digest of
 * all that and its name; one that does not agree with its digest counts as absent.
 */
export class BlockCache {
  readonly #folder: string;
  readonly #parameters: string;

  /** @param parameters all that a block depends on besides its plain bytes */
  constructor(folder: string, parameters: string) {
    this.#folder = folder;
    this.#parameters = parameters;
  }

  /** Opens the block of these plain bytes; undefined when it is not there, or damaged. */
  async open(plain: Buffer): Promise<CachedBlock | undefined> {
    const name = this.#nameOf(plain);
    let file: FileHandle;
    try {
      file = await open(this.#pathOf(name), 'r');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const record = await readRecord(name, file, plain.length);
      if (record !== undefined) return { record, file };
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  /** Keeps a block and opens it. */
  async add(plain: Buffer, { bytes, record }: XzBlock): Promise<CachedBlock> {
    const name = this.#nameOf(plain);
    const path = this.#pathOf(name);
    const sizes = Buffer.alloc(16);
    sizes.writeBigUInt64LE(BigInt(record.unpaddedSize), 0);
    sizes.writeBigUInt64LE(BigInt(record.plainSize), 8);
    const body = Buffer.concat([bytes, sizes]);
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, Buffer.concat([body, digestOf(name, body)]));
    return { record, file: await open(path, 'r') };
  }

  #nameOf(plain: Buffer): string {
    return createHash('sha256').update(this.#parameters).update('\0').update(plain).digest('hex');
  }

  #pathOf(name: string): string {
    return join(this.#folder, name.slice(0, 2), `${name}.xzblock`);
  }
}

/** The bytes of a block as in a stream. */
export async function readBlock({ record, file }: CachedBlock): Promise<Buffer> {
  return await readAt(file, 0, roundUp(record.unpaddedSize));
}

async function readRecord(name: string, file: FileHandle, plainSize: number): Promise<XzRecord | undefined> {
  const { size } = await file.stat();
  // xz never makes a block much larger than its plain bytes: an odd file is not worth the memory.
  if (size < TRAILER || size > 2 * plainSize + 65_536) return undefined;
  const whole = await readAt(file, 0, size);
  const body = whole.subarray(0, Math.max(0, whole.length - DIGEST));
  if (whole.length !== size || !digestOf(name, body).equals(whole.subarray(body.length))) return undefined;
  const sizes = body.subarray(body.length - 16);
  return {
    unpaddedSize: Number(sizes.readBigUInt64LE(0)),
    plainSize: Number(sizes.readBigUInt64LE(8)),
  };
}

function digestOf(name: string, body: Buffer): Buffer {
  return createHash('sha256').update(name).update(body).digest();
}
