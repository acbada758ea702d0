import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { ownValue } from '../system/own-value.ts';
import type { Downloader } from './download.ts';
import { withoutPassword } from './mirrors.ts';
import { PartialFile } from './partial-file.ts';
import { isStored, partialPath, storedPath } from './stored-file.ts';

export interface WantedFile {
  sha256: string;
  /** Bytes. */
  size: number;
}

export interface FetchFileOptions {
  /** The store's folder. */
  folder: string;
  /** Where it can be, in the order to try. */
  uris: readonly string[];
  downloader: Downloader;
  signal: AbortSignal;
  /** Called with the number of new bytes; less than 0 when some had to be thrown away. */
  onBytes: (count: number) => void;
}

/** Why a mirror did not give the file. */
export interface MirrorFailure {
  kind: 'gone' | 'wrong' | 'unreachable';
  uri: string;
  why: string;
}

/** Tries in a row that bring no byte before the next mirror gets its turn, and the milliseconds before each. */
const pauses = [0, 500, 2000] as const;

/**
 * Brings one file into the store. Nothing appears there but the bytes that were asked for; what was cut off stays
 * beside it for the next time.
 *
 * @returns the failure of each mirror when none had it; undefined when it is there
 * @throws ProdngError IO, BUSY
 */
export async function fetchFile(
  file: WantedFile,
  options: FetchFileOptions,
): Promise<MirrorFailure[] | undefined> {
  const { folder } = options;
  const partial = partialPath(folder, file.sha256);
  const lock = partial.replace(/part$/, 'lock');
  return await withFlock(
    lock,
    async () => {
      // another prodng may have brought it while we waited
      const failures = (await isStored(folder, file)) ? undefined : await tryMirrors(file, partial, options);
      // a process that waits for this lock finds the file stored, and writes nothing
      if (failures === undefined) await rm(lock, { force: true });
      return failures;
    },
    { signal: options.signal },
  );
}

async function tryMirrors(
  file: WantedFile,
  path: string,
  options: FetchFileOptions,
): Promise<MirrorFailure[] | undefined> {
  const partial = await PartialFile.open(path, file.size);
  try {
    options.onBytes(partial.size);
    const failures: MirrorFailure[] = [];
    for (const uri of options.uris) {
      const failure = await tryMirror(file, partial, uri, options);
      if (failure === undefined) {
        await keep(partial, storedPath(options.folder, file.sha256));
        return undefined;
      }
      failures.push({ ...failure, uri: withoutPassword(uri) });
    }
    return failures;
  } finally {
    await partial.close();
    // bytes that are no part of the file were dropped: nothing is left to go on with
    if (partial.size === 0) await rm(path, { force: true });
  }
}

type Failure = Omit<MirrorFailure, 'uri'>;

/** One mirror: goes on where it was cut off as long as that brings new bytes. */
async function tryMirror(
  file: WantedFile,
  partial: PartialFile,
  uri: string,
  options: FetchFileOptions,
): Promise<Failure | undefined> {
  let failure: Failure = { kind: 'unreachable', why: '' };
  for (let attempt = 0; attempt < pauses.length; attempt += 1) {
    await sleep(pauses[attempt] ?? 0, undefined, { signal: options.signal });
    const before = partial.size;
    const outcome = await attemptDownload(partial, file, uri, options);
    if (outcome.kind === 'done') {
      if (partial.digest() === file.sha256) return undefined;
      failure = { kind: 'wrong', why: `has SHA-256 ${partial.digest()}, wanted ${file.sha256}` };
      await startAnew(partial, options);
      // what was wrong may be the bytes of an earlier run: once more, from the beginning
      if (before === 0) return failure;
    } else if (outcome.kind === 'wrong') {
      failure = { kind: 'wrong', why: outcome.why };
      await startAnew(partial, options);
      if (before === 0) return failure;
    } else if (outcome.kind === 'gone' || !outcome.again) {
      return outcome.kind === 'gone'
        ? { kind: 'gone', why: 'not found' }
        : { kind: 'unreachable', why: outcome.why };
    } else {
      failure = { kind: 'unreachable', why: outcome.why };
      if (partial.size > before) attempt = -1;
    }
  }
  return failure;
}

async function startAnew(partial: PartialFile, options: FetchFileOptions): Promise<void> {
  options.onBytes(-partial.size);
  await partial.clear();
}

type Outcome =
  | { kind: 'done' }
  | { kind: 'wrong'; why: string }
  | { kind: 'gone' }
  | { kind: 'failed'; why: string; again: boolean };

async function attemptDownload(
  partial: PartialFile,
  file: WantedFile,
  uri: string,
  options: FetchFileOptions,
): Promise<Outcome> {
  const { downloader, signal, onBytes } = options;
  if (partial.size === file.size) return { kind: 'done' };
  try {
    const download = await downloader.start({ uri, offset: partial.size, signal });
    if (download.kind === 'gone') return download;
    if (download.kind === 'refused') return { kind: 'failed', why: download.why, again: download.again };
    if (download.kind === 'nothing-left')
      return { kind: 'wrong', why: `is shorter than ${partial.size} bytes, wanted ${file.size}` };
    if (download.offset !== partial.size) await startAnew(partial, options);
    for await (const chunk of download.content) {
      if (partial.size + chunk.length > file.size)
        return { kind: 'wrong', why: `is longer than the ${file.size} bytes that were wanted` };
      await partial.append(chunk);
      onBytes(chunk.length);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProdngError) throw error;
    return { kind: 'failed', why: networkReason(error), again: true };
  }
  if (partial.size === file.size) return { kind: 'done' };
  return { kind: 'wrong', why: `has ${partial.size} bytes, wanted ${file.size}` };
}

/** Before the rename the bytes are on the disk: a file that is seen is whole, also after a loss of power. */
async function keep(partial: PartialFile, path: string): Promise<void> {
  await partial.sync();
  await mkdir(dirname(path), { recursive: true });
  await rename(partial.path, path);
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the host name cannot be resolved',
  ENETUNREACH: 'no way to that network',
  EHOSTUNREACH: 'no way to that host',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
  UND_ERR_HEADERS_TIMEOUT: 'no answer',
  UND_ERR_BODY_TIMEOUT: 'no more bytes came',
};

function networkReason(error: unknown): string {
  const code = errnoOf(error);
  const known = code === undefined ? undefined : ownValue(reasons, code);
  if (known !== undefined) return known;
  return error instanceof Error ? error.message || (code ?? 'failed') : String(error);
}
