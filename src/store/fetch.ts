import { ProdngError } from '../error/prodng-error.ts';
import { type Progress, silent } from '../system/progress.ts';
import type { Archive } from './archive.ts';
import { ArchiveRoutes, type Route } from './archive-routes.ts';
import { makeDownloader } from './download.ts';
import { fetchFile, type MirrorFailure } from './fetch-file.ts';
import { withoutPassword } from './mirrors.ts';
import type { PinnedFile } from './pinned-file.ts';
import type { ReleaseIdentity } from './release-identity.ts';
import { isStored } from './stored-file.ts';

/** Where and how to fetch. */
export interface FetchOptions {
  /** The configured archives. Those with the Origin of the file's release are asked; the SHA-256 decides in any case. */
  archives: readonly Archive[];
  /** The lock's archives: what `PinnedFile.archive` names. */
  releases: readonly ReleaseIdentity[];
  progress?: Progress;
  signal?: AbortSignal;
  /** Downloads at a time (default 5). */
  concurrency?: number;
  /** Milliseconds without a byte after which a connection counts as dead (default 30,000). */
  stallTimeout?: number;
}

/** What fetching did. */
export interface FetchSummary {
  /** Files that were fetched. */
  fetched: number;
  /** Files that were there. */
  present: number;
  /** Size of the fetched files, in bytes. */
  bytes: number;
}

const defaultConcurrency = 5;
const defaultStallTimeout = 30_000;

/** Brings every file into the store of that folder: Store.fetchAll. */
export async function fetchAll(
  folder: string,
  files: readonly PinnedFile[],
  options: FetchOptions,
): Promise<FetchSummary> {
  const wanted = await missingFiles(folder, files);
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
  if (wanted.length > 0) await fetchMissing(folder, wanted, bytes, options);
  return { fetched: wanted.length, present: files.length - wanted.length, bytes };
}

async function missingFiles(folder: string, files: readonly PinnedFile[]): Promise<PinnedFile[]> {
  const missing = new Map<string, PinnedFile>();
  for (const file of files) if (!(await isStored(folder, file))) missing.set(file.sha256, file);
  return [...missing.values()];
}

interface FailedFile {
  file: PinnedFile;
  failures: MirrorFailure[];
}

async function fetchMissing(
  folder: string,
  wanted: readonly PinnedFile[],
  total: number,
  options: FetchOptions,
): Promise<void> {
  const { archives, releases, progress = silent, concurrency = defaultConcurrency } = options;
  const downloader = await makeDownloader(options.stallTimeout ?? defaultStallTimeout, concurrency);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const routes = new ArchiveRoutes(archives, releases, downloader);
  const queue = [...wanted];
  const failed: FailedFile[] = [];
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    progress.advance(done, total);
  };
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const { uris, passedOver } = await routes.of(file);
      const tried = await fetchFile(file, { folder, uris, downloader, signal, onBytes });
      if (tried === undefined) continue;
      const failures = tried.length > 0 ? tried : notAsked(file, passedOver);
      failed.push({ file, failures });
      // without a network the others would fail too, each after its own tries
      if (failures.every(({ kind }) => kind === 'unreachable')) queue.length = 0;
    }
  };
  progress.step(`Fetching ${wanted.length === 1 ? '1 package' : `${wanted.length} packages`}`);
  try {
    const workers = Array.from({ length: Math.min(concurrency, wanted.length) }, async () => {
      try {
        await work();
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    });
    await allOrFirstError(workers, stop.signal);
  } finally {
    await downloader.close();
  }
  if (failed.length > 0) throw fetchFailure(failed);
}

function notAsked({ archive }: PinnedFile, passedOver: Route['passedOver']): MirrorFailure[] {
  if (passedOver.length === 0) return [{ kind: 'gone', uri: archive, why: 'no archive is configured' }];
  return passedOver.map(({ uri, kind, why }) => ({
    kind: kind === 'unknown' ? 'unreachable' : 'gone',
    uri: withoutPassword(uri),
    why: `not asked for a file of ${archive}: ${why}`,
  }));
}

/** Waits for all of them, so that no writer is left, and then throws the first error. */
async function allOrFirstError(workers: readonly Promise<void>[], stopped: AbortSignal): Promise<void> {
  const results = await Promise.allSettled(workers);
  if (stopped.aborted) throw stopped.reason;
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

const listed = 10;

function fetchFailure(failed: readonly FailedFile[]): ProdngError {
  const wrong = failed.filter(({ failures }) => failures.some(({ kind }) => kind === 'wrong'));
  const unreachable = failed.filter(({ failures }) => failures.some(({ kind }) => kind === 'unreachable'));
  if (wrong.length > 0)
    return new ProdngError('HASH_MISMATCH', describe('other bytes than the lock names', wrong), {
      hint: 'a mirror in the middle of an update, a proxy that changes files, or an attack: try another mirror; nothing of it was kept',
    });
  if (unreachable.length > 0)
    return new ProdngError('FETCH_FAILED', describe('cannot be fetched', unreachable), {
      hint: 'check the network and, behind a proxy, http_proxy and https_proxy; what was fetched is kept, the next run goes on from there',
    });
  return new ProdngError('FETCH_FAILED', describe('no longer in any configured archive', failed), {
    hint: 'go on to what the archives have now: prodng lock --update; or configure an archive that keeps old versions (a snapshot) with --sources',
  });
}

function describe(what: string, failed: readonly FailedFile[]): string {
  const lines = failed.slice(0, listed).flatMap(({ file, failures }) => {
    const reasons = failures.filter(
      ({ kind }) => kind !== 'gone' || failures.every((one) => one.kind === 'gone'),
    );
    return reasons.map(({ uri, why }) => `  ${file.name} ${file.version}: ${uri}: ${why}`);
  });
  if (failed.length > listed) lines.push(`  and ${failed.length - listed} more`);
  const count = failed.length === 1 ? '1 package' : `${failed.length} packages`;
  return `${count}: ${what}\n${lines.join('\n')}`;
}
