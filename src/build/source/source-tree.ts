import { createHash } from 'node:crypto';
import { closeSync, createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TarEntry } from '../../archive/entry.ts';
import { contentPadding, encodeEntryHeader, endOfArchive } from '../../archive/tar-writer.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { openFileBeneath, openSubfolder } from '../../kernel/beneath-file.ts';
import { builderId } from '../jail/build-spec.ts';

/** The files of a source as a build sees them. */
export interface SourceTree {
  /** Sorted by path, folders before what is in them; `.` is not among them. */
  entries: readonly SourceEntry[];
}

export interface SourceEntry {
  entry: TarEntry;
  /** Where the content is. */
  file: string;
  /** The source that the file is in, and its path there: what controls the source may put a link there at any time. */
  beneath?: { root: string; path: string };
  /** The content itself, where it is not the file's. */
  content?: Buffer;
  /** Of the content, where it was read before; reading other bytes is an error then. */
  sha256?: string;
}

/** Version control, and what earlier builds and tests leave in a source: none of it is source. */
const leftOutFolders = new Set([
  '.git',
  '.hg',
  '.svn',
  '.bzr',
  'CVS',
  '__pycache__',
  '.pytest_cache',
  '.debhelper',
]);
/** The lock names what a build is made from; it is not built. The rest is what debhelper leaves. */
const leftOutFiles =
  /^debian\/(?:jail\.lock|files|debhelper-build-stamp|[^/]+\.(?:substvars|debhelper\.log))$/;

/**
 * Lists a source tree in a form that depends on its contents alone: one owner, two modes, one time, one order.
 *
 * @param sourceDateEpoch seconds; the time of every entry
 * @param ownPackages binary packages of the source: debhelper's `debian/PACKAGE` folders are left out
 * @throws ProdngError IO for what cannot be read, and for anything that is no file, folder or symbolic link
 */
export async function readSourceTree(
  dir: string,
  sourceDateEpoch: number,
  ownPackages: readonly string[],
): Promise<SourceTree> {
  const entries: SourceEntry[] = [];
  const leftOut = new Set(ownPackages.map((name) => `debian/${name}`));
  const visit = async (folder: string): Promise<void> => {
    for (const item of await folderEntries(dir, folder, sourceDateEpoch)) {
      const { path } = item.entry;
      const isFolder = item.entry.type === 'directory';
      if (isFolder ? leftOutFolders.has(basename(path)) || leftOut.has(path) : leftOutFiles.test(path))
        continue;
      entries.push(item);
      if (isFolder) await visit(path);
    }
  };
  await visit('');
  return { entries };
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function utf8Name(folder: string, bytes: Buffer): string {
  const name = bytes.toString('utf8');
  if (Buffer.from(name).equals(bytes)) return name;
  throw new ProdngError('IO', `${folder || '.'}: a file name in it is not UTF-8: ${JSON.stringify(name)}`);
}

/** What is in a folder of the source, beneath its descriptor: the folder may become a link while it is read. */
async function folderEntries(dir: string, folder: string, mtime: number): Promise<SourceEntry[]> {
  const fd = openSubfolder(dir, folder);
  if (fd === undefined) throw changed(join(dir, folder));
  try {
    const place = `/proc/self/fd/${fd}`;
    const names = await readdir(place, { encoding: 'buffer' });
    const items: SourceEntry[] = [];
    for (const name of names.map((bytes) => utf8Name(folder, bytes)).sort(byCodeUnits))
      items.push(
        await sourceEntry(dir, folder === '' ? name : `${folder}/${name}`, `${place}/${name}`, mtime),
      );
    return items;
  } finally {
    closeSync(fd);
  }
}

/** @param place a path of the entry that leads through the descriptor of its folder */
async function sourceEntry(dir: string, path: string, place: string, mtime: number): Promise<SourceEntry> {
  const file = join(dir, path);
  const stat = await lstat(place);
  const type = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : stat.isSymbolicLink()
        ? 'symlink'
        : undefined;
  if (type === undefined)
    throw new ProdngError('IO', `${file}: a source holds files, folders and symbolic links only`);
  const executable = type !== 'file' || (stat.mode & 0o111) !== 0;
  return {
    file,
    beneath: { root: dir, path },
    entry: {
      path,
      type,
      mode: type === 'symlink' ? 0o777 : executable ? 0o755 : 0o644,
      uid: builderId,
      gid: builderId,
      uname: '',
      gname: '',
      mtime,
      size: type === 'file' ? stat.size : 0,
      linkPath: type === 'symlink' ? await readlink(place) : '',
    },
  };
}

/**
 * The source tree as a GNU tar.
 *
 * @throws ProdngError IO when a file changes while it is read
 */
export async function* sourceTar(tree: SourceTree): AsyncGenerator<Uint8Array> {
  for (const item of tree.entries) {
    yield encodeEntryHeader(item.entry);
    yield* contentOf(item);
    yield contentPadding(item.entry.size);
  }
  yield endOfArchive;
}

async function* contentOf(item: SourceEntry): AsyncGenerator<Uint8Array> {
  if (item.entry.size === 0) return;
  if (item.content === undefined) yield* exactly(item);
  else yield item.content;
}

async function* exactly({ file, beneath, sha256, entry: { size } }: SourceEntry): AsyncGenerator<Uint8Array> {
  let done = 0;
  const hash = createHash('sha256');
  try {
    for await (const chunk of openContent(file, beneath) as AsyncIterable<Buffer>) {
      done += chunk.length;
      if (done > size) break;
      if (sha256 !== undefined) hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (done !== size || (sha256 !== undefined && hash.digest('hex') !== sha256)) throw changed(file);
}

function openContent(file: string, beneath: SourceEntry['beneath']) {
  if (beneath === undefined) return createReadStream(file);
  const fd = openFileBeneath(beneath.root, beneath.path);
  if (fd === undefined) throw changed(file);
  return createReadStream('', { fd });
}

function changed(file: string): ProdngError {
  return new ProdngError('IO', `${file}: changed while it was read`, { hint: 'build again' });
}

/** A tree in a folder of its own, as a build finds it. */
export function inFolder(folder: string, { entries }: SourceTree): SourceTree {
  const top = {
    type: 'directory',
    mode: 0o755,
    uid: builderId,
    gid: builderId,
    uname: '',
    gname: '',
  } as const;
  const mtime = Math.max(0, ...entries.map(({ entry }) => entry.mtime));
  const root: SourceEntry = { file: '', entry: { path: folder, ...top, mtime, size: 0, linkPath: '' } };
  const within = entries.map((item) => ({
    ...item,
    entry: { ...item.entry, path: `${folder}/${item.entry.path}` },
  }));
  return { entries: [root, ...within] };
}

/** A tree with other contents for some of its files. */
export function withContents({ entries }: SourceTree, contents: ReadonlyMap<string, Buffer>): SourceTree {
  return {
    entries: entries.map((item) => {
      const content = contents.get(item.entry.path);
      if (content === undefined || item.entry.type !== 'file') return item;
      const { sha256: _, ...rest } = item;
      return { ...rest, content, entry: { ...item.entry, size: content.length } };
    }),
  };
}

/**
 * Reads a source once. What is built from the result has these bytes, or the build fails.
 *
 * @returns the SHA-256 of the source as a build sees it, and the tree with the SHA-256 of each file
 * @throws ProdngError as sourceTar
 */
export async function pinSource({ entries }: SourceTree): Promise<{ sha256: string; tree: SourceTree }> {
  const whole = createHash('sha256');
  const pinned: SourceEntry[] = [];
  for (const item of entries) {
    whole.update(encodeEntryHeader(item.entry));
    const own = createHash('sha256');
    for await (const chunk of contentOf(item)) {
      whole.update(chunk);
      own.update(chunk);
    }
    whole.update(contentPadding(item.entry.size));
    pinned.push({ ...item, sha256: own.digest('hex') });
  }
  whole.update(endOfArchive);
  return { sha256: whole.digest('hex'), tree: { entries: pinned } };
}
