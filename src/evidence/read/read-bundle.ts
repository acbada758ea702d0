import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { decompress } from '../../archive/compression.ts';
import { defaultTarLimits, type TarEntry, type TarLimits } from '../../archive/entry.ts';
import { readTar } from '../../archive/tar-reader.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { entryOf, manifestName, statementName } from '../bundle/bundle-writer.ts';

/** What is in a bundle; nothing of it is proven yet. */
export interface ReadBundle {
  /** SHA-256 of the bundle itself. */
  sha256: string;
  /** In the order of the bundle, manifest and statement left out. */
  entries: { path: string; size: number; sha256: string }[];
  /** Entries that no bundle of ours has: other types, modes, owners. */
  odd: string[];
  manifest: Buffer;
  statement: string;
  /** The files that were asked for. */
  kept: Map<string, Buffer>;
  /** Files that were asked for and are too large. */
  leftOut: string[];
}

const limits: TarLimits = { ...defaultTarLimits, totalBytes: 64 * 2 ** 30 };
/** Bytes that are kept of one file, and of the manifest; and of all files together. */
const [most, mostKept] = [256 * 2 ** 20, 1024 * 2 ** 20];

/**
 * Reads a bundle from its beginning to its end. It may come from anybody.
 *
 * @param wanted which files' content is to be kept in memory: up to 256 MiB of one, and 1 GiB of all
 * @throws ProdngError IO, COMPRESSION, TAR_FORMAT, ENTRY_REFUSED, ARCHIVE_TOO_LARGE, EVIDENCE when it is no bundle
 */
export async function readBundle(
  file: string,
  wanted: (path: string) => boolean = () => false,
): Promise<ReadBundle> {
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const whole = createHash('sha256');
  const bundle: ReadBundle = {
    sha256: '',
    entries: [],
    odd: [],
    manifest: Buffer.alloc(0),
    statement: '',
    kept: new Map(),
    leftOut: [],
  };
  const seen = new Set<string>();
  let mtime: number | undefined;
  let keptBytes = 0;
  for await (const { entry, content } of readTar(decompress('zstd', hashing(file, whole)), limits)) {
    mtime ??= entry.mtime;
    if (!isOurs(entry, mtime) || seen.has(entry.path)) bundle.odd.push(entry.path);
    seen.add(entry.path);
    const isOwn = entry.path === manifestName || entry.path === statementName;
    // all that is kept lies in memory, and a small bundle may unpack to much
    const asked = isOwn || wanted(entry.path);
    const keeps = asked && entry.size <= most && (isOwn || keptBytes + entry.size <= mostKept);
    if (keeps) keptBytes += entry.size;
    else if (asked) bundle.leftOut.push(entry.path);
    const hash = createHash('sha256');
    const pieces: Buffer[] = [];
    for await (const piece of content) {
      hash.update(piece);
      if (keeps) pieces.push(Buffer.from(piece));
    }
    const bytes = Buffer.concat(pieces);
    if (entry.path === manifestName) bundle.manifest = bytes;
    else if (entry.path === statementName) bundle.statement = bytes.toString('utf8');
    else {
      bundle.entries.push({ path: entry.path, size: entry.size, sha256: hash.digest('hex') });
      if (keeps) bundle.kept.set(entry.path, bytes);
    }
  }
  if (bundle.manifest.length === 0 || bundle.statement === '')
    throw new ProdngError('EVIDENCE', `${file}: no bundle of evidence: it has no manifest or no statement`);
  bundle.sha256 = whole.digest('hex');
  return bundle;
}

async function* hashing(file: string, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) {
    hash.update(chunk);
    yield chunk;
  }
}

function isOurs(entry: TarEntry, mtime: number): boolean {
  const ours: TarEntry = entryOf(entry.path, entry.size, mtime);
  return (
    entry.type === ours.type &&
    entry.mode === ours.mode &&
    entry.uid === ours.uid &&
    entry.gid === ours.gid &&
    entry.mtime === ours.mtime &&
    entry.linkPath === ''
  );
}
