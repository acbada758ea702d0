import { closeSync, constants, fchmodSync, fchownSync, fstatSync, futimesSync, writeSync } from 'node:fs';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import {
  chownAt,
  linkAt,
  makeFolderAt,
  openBeneath,
  openFolderBeneath,
  setTimeAt,
  symlinkAt,
} from '../kernel/at.ts';
import type { Breather } from './breather.ts';
import type { TarEntry } from './entry.ts';
import { printable, refuse } from './entry-path.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_DIRECTORY } = constants;

/** A folder whose mode and time are set last: writing into it changes the one and may need more than the other. */
type PendingFolder = Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtime'>;

export interface TreeWriterOptions {
  keepOwners: boolean;
  allowSetid: boolean;
  /** Entries that are made at most, folders that the archive leaves out included. */
  mostEntries: number;
  /** Bytes of an entry's path at most. */
  pathBytes: number;
  breather: Breather;
}

/**
 * Writes entries beneath a folder that no other process writes to. Knows everything it made, so that a name taken, a
 * path through a link and a hard link to something odd are seen before the kernel is asked.
 */
export class TreeWriter {
  readonly #root: number;
  readonly #options: TreeWriterOptions;
  readonly #owner: { uid: number; gid: number };
  readonly #made = new Map<string, 'folder' | 'implied' | 'file' | 'link'>([['.', 'implied']]);
  readonly #folders = new Map<string, PendingFolder>();
  /** The folder of the entry before: archives are sorted, so that it mostly serves the next one too. */
  #parent: { path: string; fd: number } | undefined;

  constructor(root: number, options: TreeWriterOptions) {
    // What we make belongs to whom the root belongs to, be it through us or through a grpid mount: chown(2) would
    // only say so again, thousands of times.
    const { uid, gid } = fstatSync(root);
    this.#owner = { uid, gid };
    this.#root = root;
    this.#options = options;
  }

  /** @throws ProdngError ENTRY_REFUSED, IO with the entry's name */
  async write(entry: TarEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#checkName(entry);
    this.#checkCount();
    try {
      switch (entry.type) {
        case 'file':
          return await this.#file(entry, content);
        case 'directory':
          return this.#folder(entry);
        case 'symlink':
          return this.#symlink(entry);
        case 'hardlink':
          return this.#hardLink(entry);
        default:
          throw refuse(entry.path, `a ${entry.type === 'fifo' ? 'fifo' : `${entry.type} device`}`);
      }
    } catch (error) {
      throw explained(entry, error);
    }
  }

  /** Sets modes, owners and times of the folders: each after all that it holds. */
  async finish(): Promise<void> {
    const { breather } = this.#options;
    // a folder is known before what it holds, except the root, which may come last in the archive
    for (const [path, folder] of [...this.#folders].reverse()) {
      if (path !== '.') this.#finishFolder(path, folder);
      if (breather.isDue) await breather.pause();
    }
    const root = this.#folders.get('.');
    if (root === undefined) fchmodSync(this.#root, 0o755);
    else this.#finishFolder('.', root);
  }

  #finishFolder(path: string, folder: PendingFolder): void {
    const fd = openBeneath(this.#root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      if (this.#mustChown(folder)) fchownSync(fd, folder.uid, folder.gid);
      fchmodSync(fd, folder.mode);
      futimesSync(fd, folder.mtime, folder.mtime);
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
    this.#parent = undefined;
  }

  #checkName({ path, type, mode }: TarEntry): void {
    const { pathBytes } = this.#options;
    // a path has at most three bytes for each of JavaScript's units
    if (path.length * 3 > pathBytes && Buffer.byteLength(path) > pathBytes)
      throw refuse(path, `a path of ${Buffer.byteLength(path)} bytes: ${pathBytes} fit beneath its folder`);
    const before = this.#made.get(path);
    if (before !== undefined && !(before === 'implied' && type === 'directory')) {
      throw refuse(path, 'duplicate path');
    }
    if (type === 'file' && (mode & 0o6000) !== 0 && !this.#options.allowSetid) {
      throw refuse(path, 'a set-uid or set-gid file');
    }
  }

  #checkCount(): void {
    const { mostEntries } = this.#options;
    if (this.#made.size <= mostEntries) return;
    throw new ProdngError('ARCHIVE_TOO_LARGE', `it has more than ${mostEntries} files and folders`);
  }

  async #file(entry: TarEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
    const { path, size, mode, uid, gid, mtime } = entry;
    const parent = this.#parentOf(entry);
    const fd = openBeneath(parent, lastPart(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      let written = 0;
      // Synchronous: a copy into the page cache is over sooner than a turn through the thread pool.
      if (size > 0) for await (const piece of content) written += writeWhole(fd, piece);
      if (written !== size) throw refuse(path, `${written} bytes of content instead of ${size}`);
      // chown(2) clears the set-id bits: the mode comes after it.
      if (this.#mustChown(entry)) fchownSync(fd, uid, gid);
      fchmodSync(fd, mode);
      futimesSync(fd, mtime, mtime);
    } finally {
      closeSync(fd);
    }
    this.#made.set(path, 'file');
  }

  #mustChown({ uid, gid }: { uid: number; gid: number }): boolean {
    return this.#options.keepOwners && (uid !== this.#owner.uid || gid !== this.#owner.gid);
  }

  #folder(entry: TarEntry): void {
    const { path } = entry;
    if (!this.#made.has(path)) makeFolderAt(this.#parentOf(entry), lastPart(path), 0o700);
    this.#made.set(path, 'folder');
    this.#folders.set(path, entry);
  }

  #symlink(entry: TarEntry): void {
    const parent = this.#parentOf(entry);
    const name = lastPart(entry.path);
    symlinkAt(entry.linkPath, parent, name);
    if (this.#mustChown(entry)) chownAt(parent, name, entry.uid, entry.gid);
    setTimeAt(parent, name, entry.mtime);
    this.#made.set(entry.path, 'link');
  }

  #hardLink(entry: TarEntry): void {
    if (this.#made.get(entry.linkPath) !== 'file') {
      throw refuse(
        entry.path,
        `a hard link to ${printable(entry.linkPath)}, which is no file of this archive`,
      );
    }
    const from = openFolderBeneath(this.#root, folderOf(entry.linkPath));
    try {
      linkAt(from, lastPart(entry.linkPath), this.#parentOf(entry), lastPart(entry.path));
    } finally {
      closeSync(from);
    }
    this.#made.set(entry.path, 'file');
  }

  /** Opens the folder that an entry belongs into, and makes the ones that the archive left out. */
  #parentOf(entry: TarEntry): number {
    const path = folderOf(entry.path);
    if (this.#parent?.path === path) return this.#parent.fd;
    this.#makeMissing(path, entry);
    const fd = openFolderBeneath(this.#root, path);
    this.close();
    this.#parent = { path, fd };
    return fd;
  }

  #makeMissing(path: string, entry: TarEntry): void {
    const kind = this.#made.get(path);
    if (kind === 'file' || kind === 'link')
      throw refuse(entry.path, `it leads through the ${kind} ${printable(path)}`);
    if (kind !== undefined) return;
    const above = folderOf(path);
    this.#makeMissing(above, entry);
    this.#checkCount();
    const fd = openFolderBeneath(this.#root, above);
    try {
      makeFolderAt(fd, lastPart(path), 0o700);
    } finally {
      closeSync(fd);
    }
    this.#made.set(path, 'implied');
    this.#folders.set(path, { mode: 0o755, uid: 0, gid: 0, mtime: entry.mtime });
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '.' : path.slice(0, slash);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function writeWhole(fd: number, piece: Uint8Array): number {
  let done = 0;
  while (done < piece.length) done += writeSync(fd, piece, done);
  return piece.length;
}

function explained(entry: TarEntry, error: unknown): unknown {
  const code = errnoOf(error);
  if (error instanceof ProdngError || code === undefined) return error;
  const name = printable(entry.path);
  switch (code) {
    case 'ELOOP':
    case 'ENOTDIR':
    case 'EXDEV':
    case 'EEXIST':
    case 'ENAMETOOLONG':
    case 'EINVAL':
      return new ProdngError('ENTRY_REFUSED', `${name}: the kernel refuses it: ${reasonOf(error)}`, {
        cause: error,
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return new ProdngError('IO', `${name}: no space left`, {
        cause: error,
        hint: 'make room and try again',
      });
    default:
      return /^E[A-Z0-9]+$/.test(code) ? new ProdngError('IO', `${name}: ${code}`, { cause: error }) : error;
  }
}
