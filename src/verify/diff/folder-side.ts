import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { shownPath } from './jail-path.ts';
import { type ListedFile, normalizeLinks } from './listed-file.ts';
import type { TreeSide } from './tree-side.ts';

const mostPaths = 500_000;
const mostControl = 16 * 2 ** 20;

/**
 * Opens a folder to compare it: a .deb unpacked with `dpkg-deb -R` or `-x`, or a rootfs alone.
 *
 * @throws ProdngError IO
 */
export async function openFolderSide(path: string): Promise<TreeSide> {
  const isJail = await isFolder(join(path, 'usr/lib/prodng/jails'));
  const hasControl = await isFolder(join(path, 'DEBIAN'));
  const kind = isJail || hasControl ? 'unpacked' : 'rootfs';
  const controlFiles = hasControl ? await readControl(join(path, 'DEBIAN')) : new Map<string, Buffer>();
  const places = new Map<string, string>();
  return {
    path,
    kind,
    controlFiles,
    list: async () => await new FolderWalk(path, kind, places).walk(),
    contents: async (_files, wanted) => new Map([...places].filter(([shown]) => wanted.has(shown))),
    async close() {},
  };
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function readControl(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isFile() || (await lstat(path)).size > mostControl)
      throw new ProdngError('ENTRY_REFUSED', `${path}: no file of a control.tar`);
    files.set(entry.name, await readFile(path));
  }
  return files;
}

class FolderWalk {
  readonly #root: string;
  readonly #isRootfs: boolean;
  readonly #files = new Map<string, ListedFile>();
  readonly #inodes = new Map<string, string>();
  /** Where each regular file lies, by its listed path. */
  readonly #places: Map<string, string>;

  constructor(root: string, kind: TreeSide['kind'], places: Map<string, string>) {
    this.#root = root;
    this.#isRootfs = kind === 'rootfs';
    this.#places = places;
  }

  async walk(): Promise<Map<string, ListedFile>> {
    await this.#add('');
    normalizeLinks(this.#files);
    return this.#files;
  }

  async #add(path: string): Promise<void> {
    const place = join(this.#root, path);
    const stat = await lstat(place, { bigint: true }).catch((error: unknown) => {
      throw new ProdngError('IO', `${place}: cannot be read: ${reasonOf(error)}`, {
        cause: error,
      });
    });
    if (path.includes('\ufffd')) throw new ProdngError('ENTRY_REFUSED', `${place}: the name is not UTF-8`);
    const shown = this.#isRootfs ? `/${path}` : shownPath(path === '' ? '.' : path);
    const type = typeOf(stat);
    if (type === undefined) return;
    const file: ListedFile = {
      type,
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      uname: '',
      gname: '',
      size: type === 'file' ? Number(stat.size) : 0,
      target: type === 'symlink' ? await readlink(place) : '',
      content: '',
    };
    this.#files.set(shown, file);
    if (this.#files.size > mostPaths)
      throw new ProdngError('ARCHIVE_TOO_LARGE', `${this.#root}: more than ${mostPaths} paths`);
    if (type === 'file') {
      this.#places.set(shown, place);
      const inode = `${stat.dev}:${stat.ino}`;
      const first = stat.nlink > 1n ? this.#inodes.get(inode) : undefined;
      if (first === undefined) this.#inodes.set(inode, shown);
      else file.linkedTo = first;
      file.content = this.#files.get(first ?? '')?.content || (await hashFile(place));
    }
    if (type !== 'directory') return;
    for (const name of (await readdir(place)).toSorted()) {
      const child = path === '' ? name : `${path}/${name}`;
      if (child !== 'DEBIAN' || this.#isRootfs) await this.#add(child);
    }
  }
}

/** Sockets are no part of a package: tar(1) leaves them out too. */
function typeOf(stat: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
  isFIFO(): boolean;
}): ListedFile['type'] | undefined {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'character';
  if (stat.isBlockDevice()) return 'block';
  return stat.isFIFO() ? 'fifo' : undefined;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  for await (const piece of createReadStream(path, { fd: file })) hash.update(piece);
  return hash.digest('base64');
}
