import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { makeFolderAt, moveNewAt, openBeneath, renameAt, tryLock } from '../kernel/at.ts';
import { plainEnvironment } from '../system/process.ts';
import { removeTree } from '../system/remove-tree.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;

export interface FreshOptions {
  /** Whether the folder may take the place of an empty one. */
  ontoEmpty?: boolean;
}

/**
 * A folder that grows under a temporary name and gets its own when it is whole. A lock on it tells the rests of a
 * killed process from the work of a living one. All of it is done beneath a descriptor of its parent.
 */
export class FreshFolder {
  readonly fd: number;
  readonly #parent: number;
  readonly #temporary: string;
  readonly #target: string;
  readonly #ontoEmpty: boolean;
  #open = true;

  private constructor(parent: number, target: string, temporary: string, fd: number, ontoEmpty: boolean) {
    this.#parent = parent;
    this.#target = target;
    this.#temporary = temporary;
    this.fd = fd;
    this.#ontoEmpty = ontoEmpty;
  }

  /**
   * Makes `TARGET.tmp-XXXX`, mode 0700, after removing what killed processes left of earlier ones.
   *
   * @throws ProdngError TARGET_EXISTS, IO
   */
  static async make(path: string, { ontoEmpty = false }: FreshOptions = {}): Promise<FreshFolder> {
    const target = resolve(path);
    const name = basename(target);
    let parent: number | undefined;
    try {
      parent = openSync(dirname(target), O_RDONLY | O_DIRECTORY);
      if (!ontoEmpty && isThere(parent, name)) throw exists(target);
      await removeLeftovers(parent, name);
      for (;;) {
        const temporary = `${name}.tmp-${randomBytes(6).toString('hex')}`;
        makeFolderAt(parent, temporary, 0o700);
        const fd = lockFolder(parent, temporary);
        if (fd !== undefined) return new FreshFolder(parent, target, temporary, fd, ontoEmpty);
      }
    } catch (error) {
      if (parent !== undefined) closeSync(parent);
      if (error instanceof ProdngError) throw error;
      throw new ProdngError('IO', `${target}: cannot be made: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Gives the folder its name.
   *
   * @param durable whether it must be there, whole, after a loss of power; `synced` when each file in it has been synced
   * @throws ProdngError TARGET_EXISTS when somebody else was faster
   */
  async publish(durable: boolean | 'synced'): Promise<void> {
    const name = basename(this.#target);
    // One syncfs(2) instead of thousands of fsync(2); as a program of its own, because it may take seconds.
    if (durable === true)
      await promisify(execFile)('sync', ['-f', place(this.fd)], { env: { ...plainEnvironment }, cwd: '/' });
    try {
      if (this.#ontoEmpty) renameAt(this.#parent, this.#temporary, name);
      else moveNewAt(this.#parent, this.#temporary, this.#parent, name);
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(errno)) throw exists(this.#target);
      if (errno !== 'EINVAL') throw error;
      // Some file systems do not know RENAME_NOREPLACE. rename(2) still replaces nothing but an empty folder.
      renameAt(this.#parent, this.#temporary, name);
    }
    try {
      if (durable !== false) await promisify(fsync)(this.#parent);
    } finally {
      this.#close();
    }
  }

  /** Removes the folder with all that is in it. */
  async discard(): Promise<void> {
    if (!this.#open) return;
    try {
      await removeTree(`${place(this.#parent)}/${this.#temporary}`);
    } finally {
      this.#close();
    }
  }

  #close(): void {
    if (!this.#open) return;
    closeSync(this.fd);
    closeSync(this.#parent);
    this.#open = false;
  }
}

/** Not /proc/self: rm(1) and sync(1) get these paths. */
function place(fd: number): string {
  return `/proc/${process.pid}/fd/${fd}`;
}

function isThere(parent: number, name: string): boolean {
  try {
    closeSync(openBeneath(parent, name, O_PATH | O_NOFOLLOW));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Opens and locks a folder; undefined when another process has it, took it for a leftover in that instant, or it is no
 * folder.
 */
function lockFolder(parent: number, name: string): number | undefined {
  let fd: number;
  try {
    fd = openBeneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  if (tryLock(fd) && fstatSync(fd).nlink > 0) return fd;
  closeSync(fd);
  return undefined;
}

async function removeLeftovers(parent: number, target: string): Promise<void> {
  const prefix = `${target}.tmp-`;
  const names = await readdir(place(parent));
  for (const name of names.filter((each) => each.startsWith(prefix) && /-[0-9a-f]{12}$/.test(each))) {
    const fd = lockFolder(parent, name);
    if (fd === undefined) continue;
    try {
      await removeTree(`${place(parent)}/${name}`);
    } finally {
      closeSync(fd);
    }
  }
}

function exists(target: string): ProdngError {
  return new ProdngError('TARGET_EXISTS', `${target}: exists already`);
}
