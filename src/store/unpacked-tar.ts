import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DebReader, openDeb } from '../archive/deb-reader.ts';
import type { TarEntry } from '../archive/entry.ts';
import { readTar } from '../archive/tar-reader.ts';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { cannotWrite } from './partial-file.ts';
import { shard, storedPath } from './stored-file.ts';

/** An entry of a .deb's data.tar and where its content is in the plain tar. */
export interface UnpackedEntry extends TarEntry {
  /** Of the content in the plain tar, in bytes. */
  offset: number;
}

/** The plain data.tar of a stored .deb, with its table of contents. */
export interface UnpackedTar {
  path: string;
  /** Bytes. */
  size: number;
  /** Of the plain tar. */
  sha256: string;
  /** In the order of the tar. */
  entries: UnpackedEntry[];
}

/** Another layout of the tar or its index is another folder: what an older prodng kept is never misread. */
const layout = 'v1';

/** The plain data.tar of a stored .deb: Store.unpackedTar. */
export async function unpackedTar(folder: string, sha256: string): Promise<UnpackedTar> {
  const path = join(folder, 'unpacked', layout, shard(sha256), `${sha256}.tar`);
  const kept = await readKept(path);
  if (kept !== undefined) return kept;
  const lock = join(folder, 'partial', `${sha256}.unpack`);
  return await withFlock(lock, async () => {
    const meanwhile = await readKept(path);
    const result = meanwhile ?? (await unpack(folder, sha256, path));
    // a process that waits for this lock finds the tar in the store
    await rm(lock, { force: true });
    return result;
  });
}

async function readKept(path: string): Promise<UnpackedTar | undefined> {
  try {
    const [text, found] = await Promise.all([readFile(indexPath(path), 'utf8'), stat(path)]);
    const { parseUnpackedIndex } = await import('./unpacked-index.ts');
    const index = parseUnpackedIndex(text);
    return index === undefined || index.size !== found.size ? undefined : { path, ...index };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function indexPath(path: string): string {
  return path.replace(/tar$/, 'json');
}

/** The index comes last: where there is one, the tar is whole. */
async function unpack(folder: string, sha256: string, path: string): Promise<UnpackedTar> {
  const deb = storedPath(folder, sha256);
  await assertUndamaged(deb, sha256);
  const temporary = join(folder, 'partial', `${sha256}.tar`);
  await mkdir(dirname(path), { recursive: true });
  const reader = await openDeb(deb);
  try {
    const index = await writePlainTar(reader, temporary);
    await rename(temporary, path);
    await writeFileAtomic(indexPath(path), JSON.stringify(index));
    return { path, ...index };
  } finally {
    await reader.close();
    await rm(temporary, { force: true });
  }
}

async function assertUndamaged(deb: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(deb, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
      hash.update(chunk);
  } catch (error) {
    throw new ProdngError('IO', `${deb}: cannot be read: ${reasonOf(error)}`, {
      hint: 'run the command again: what is not in the store is fetched',
      cause: error,
    });
  }
  const found = hash.digest('hex');
  if (found === sha256) return;
  await rm(deb, { force: true });
  throw new ProdngError('HASH_MISMATCH', `${deb}: the stored file is damaged: SHA-256 ${found}`, {
    hint: 'it was removed: run the command again, and check the disk when it happens again',
  });
}

/** Writes the plain data.tar of an open .deb to `path`, and says what is in it. */
export async function writePlainTar(reader: DebReader, path: string): Promise<Omit<UnpackedTar, 'path'>> {
  const file = await open(path, 'w', 0o644);
  const hash = createHash('sha256');
  const entries: UnpackedEntry[] = [];
  let size = 0;
  const copied = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of reader.dataTar()) {
      hash.update(chunk);
      await write(file, chunk, path);
      size += chunk.length;
      yield chunk;
    }
  };
  try {
    for await (const { entry, contentOffset } of readTar(copied()))
      entries.push({ ...entry, offset: contentOffset });
    await file.datasync();
  } finally {
    await file.close();
  }
  return { size, sha256: hash.digest('hex'), entries };
}

async function write(file: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten;
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
