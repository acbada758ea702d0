import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { type Progress, silent } from '../system/progress.ts';
import { type Downloader, makeDownloader } from './download.ts';
import { withoutPassword } from './mirrors.ts';
import { cannotWrite } from './partial-file.ts';
import { storedPath } from './stored-file.ts';

/** A file known by its digest alone: what `Jail-Inputs` or another ecosystem's lock names. */
export interface PinnedUrl {
  /** For messages. */
  name: string;
  /** Names it in evidence, wherever it was fetched from: its own URL, or a purl. */
  uri: string;
  algorithm: 'sha256' | 'sha512';
  /** Lower-case hex. */
  digest: string;
  /** Where it can be, in the order to try; asked for only when the file is not in the store. */
  uris: () => Promise<readonly string[]>;
}

export interface FetchUrlsOptions {
  progress?: Progress;
  signal?: AbortSignal;
}

/** Larger than anything that a build should be given; an endless answer must end somewhere. */
const mostBytes = 16 * 2 ** 30;
const concurrency = 5;
const stallTimeout = 30_000;

/**
 * The path of a stored file, whether it is there or not.
 *
 * @throws ProdngError INTERNAL for what is no digest
 */
export function pinnedPath(
  folder: string,
  { algorithm, digest }: Pick<PinnedUrl, 'algorithm' | 'digest'>,
): string {
  if (algorithm === 'sha256') return storedPath(folder, digest);
  if (!/^[0-9a-f]{128}$/.test(digest))
    throw new ProdngError('INTERNAL', `not a SHA-512: ${JSON.stringify(digest)}`);
  return join(folder, 'sha512', digest.slice(0, 2), digest);
}

/**
 * Brings every file into the store. A file that is there has the digest of its name; it is checked again here, since
 * the build has no other check of it.
 *
 * @returns the size of each in bytes, in the order given
 * @throws ProdngError FETCH_FAILED, HASH_MISMATCH, IO, BUSY; files that arrived before stay
 */
export async function fetchUrls(
  folder: string,
  files: readonly PinnedUrl[],
  options: FetchUrlsOptions = {},
): Promise<number[]> {
  const sizes = await Promise.all(files.map((file) => storedSize(folder, file)));
  const queue = files
    .map((file, index) => ({ file, index }))
    .filter(({ index }) => sizes[index] === undefined);
  if (queue.length > 0) {
    options.progress?.step(`Fetching ${queue.length === 1 ? '1 input' : `${queue.length} inputs`}`);
    const downloader = await makeDownloader(stallTimeout, concurrency);
    const work = async (): Promise<void> => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift())
        sizes[item.index] = await fetchOne(folder, item.file, downloader, options);
    };
    try {
      const workers = Array.from({ length: concurrency }, work);
      const results = await Promise.allSettled(workers);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    } finally {
      await downloader.close();
    }
  }
  return sizes.map((size) => size ?? 0);
}

async function storedSize(folder: string, file: PinnedUrl): Promise<number | undefined> {
  const path = pinnedPath(folder, file);
  try {
    const { size } = await stat(path);
    if ((await digestOf(path, file.algorithm)) === file.digest) return size;
    await rm(path, { force: true });
    return undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The digest of a file, in hex. */
export async function digestOf(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest('hex');
}

async function fetchOne(
  folder: string,
  file: PinnedUrl,
  downloader: Downloader,
  { progress = silent, signal }: FetchUrlsOptions,
): Promise<number> {
  const path = pinnedPath(folder, file);
  const partial = join(folder, 'partial', `${file.digest.slice(0, 64)}.input`);
  await mkdir(dirname(partial), { recursive: true });
  await mkdir(dirname(path), { recursive: true });
  return await withFlock(`${partial}.lock`, async () => {
    const there = await storedSize(folder, file);
    const failures: { wrong: boolean; why: string }[] = [];
    if (there !== undefined) return there;
    try {
      for (const uri of await file.uris()) {
        const outcome = await download(uri, partial, file, downloader, signal);
        if (typeof outcome === 'number') {
          await rename(partial, path);
          await rm(`${partial}.lock`, { force: true });
          progress.note(`fetched ${file.name}`);
          return outcome;
        }
        failures.push({ ...outcome, why: `${withoutPassword(uri)}: ${outcome.why}` });
      }
    } finally {
      await rm(partial, { force: true });
    }
    throw failed(file, failures);
  });
}

function failed(file: PinnedUrl, failures: readonly { wrong: boolean; why: string }[]): ProdngError {
  const lines = failures.map(({ why }) => `\n  ${why}`).join('') || '\n  no place is known where it could be';
  if (failures.some(({ wrong }) => wrong))
    return new ProdngError('HASH_MISMATCH', `${file.name}: other bytes than are pinned${lines}`, {
      hint: 'the file was changed at its source or in transit: review what changed before you pin the new digest',
    });
  return new ProdngError('FETCH_FAILED', `${file.name}: cannot be fetched${lines}`, {
    hint: 'check the network and, behind a proxy, http_proxy and https_proxy',
  });
}

async function download(
  uri: string,
  partial: string,
  { algorithm, digest }: PinnedUrl,
  downloader: Downloader,
  signal: AbortSignal | undefined,
): Promise<number | { wrong: boolean; why: string }> {
  const output = await open(partial, 'w', 0o644).catch((error: unknown) => {
    throw cannotWrite(partial, error);
  });
  const hash = createHash(algorithm);
  let size = 0;
  try {
    const answer = await downloader.start({ uri, offset: 0, ...(signal === undefined ? {} : { signal }) });
    if (answer.kind !== 'bytes')
      return { wrong: false, why: answer.kind === 'refused' ? answer.why : 'not found' };
    for await (const chunk of answer.content) {
      size += chunk.length;
      if (size > mostBytes) return { wrong: true, why: `longer than ${mostBytes} bytes` };
      hash.update(chunk);
      try {
        await output.writeFile(chunk);
      } catch (error) {
        throw cannotWrite(partial, error);
      }
    }
    await output.sync();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ProdngError) throw error;
    return {
      wrong: false,
      why: reasonOf(error),
    };
  } finally {
    await output.close();
  }
  const found = hash.digest('hex');
  return found === digest
    ? size
    : { wrong: true, why: `has ${algorithm.toUpperCase()} ${found}, wanted ${digest}` };
}
