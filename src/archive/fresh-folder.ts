import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { renameNew, tryLock } from '../kernel/at.ts';
import { syncFolder } from '../system/atomic-file.ts';
import { plainEnvironment } from '../system/process.ts';
import { removeTree } from '../system/remove-tree.ts';

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A folder that grows under a temporary name and gets its own when it is whole. A lock on it tells the rests of a
 * killed process from the work of a living one.
 */
export class FreshFolder {
  readonly fd: number;
  readonly #temporary: string;
  readonly #target: string;
  #open = true;

  private constructor(target: string, temporary: string, fd: number) {
    this.#target = target;
    this.#temporary = temporary;
    this.fd = fd;
  }

  /**
   * Makes `TARGET.tmp-XXXX`, mode 0700, after removing what killed processes left of earlier ones.
   *
   * @throws ProdngError TARGET_EXISTS, IO
   */
  static async make(path: string): Promise<FreshFolder> {
    const target = resolve(path);
    try {
      if ((await lstatOf(target)) !== undefined) throw exists(target);
      await removeLeftovers(target);
      for (;;) {
        const temporary = `${target}.tmp-${randomBytes(6).toString('hex')}`;
        mkdirSync(temporary, 0o700);
        const fd = lockFolder(temporary);
        if (fd !== undefined) return new FreshFolder(target, temporary, fd);
      }
    } catch (error) {
      if (error instanceof ProdngError) throw error;
      throw new ProdngError('IO', `${target}: cannot be made: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Gives the folder its name.
   *
   * @param durable whether it must be there, whole, after a loss of power
   * @throws ProdngError TARGET_EXISTS when somebody else was faster
   */
  async publish(durable: boolean): Promise<void> {
    // One syncfs(2) instead of thousands of fsync(2); as a program of its own, because it may take seconds.
    if (durable) await promisify(execFile)('sync', ['-f', this.#temporary], { env: { ...plainEnvironment } });
    try {
      renameNew(this.#temporary, this.#target);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') throw exists(this.#target);
      if (errnoOf(error) !== 'EINVAL') throw error;
      // Some file systems do not know RENAME_NOREPLACE. rename(2) still replaces nothing but an empty folder.
      renameSync(this.#temporary, this.#target);
    }
    this.#close();
    if (durable) await syncFolder(dirname(this.#target));
  }

  /** Removes the folder with all that is in it. */
  async discard(): Promise<void> {
    this.#close();
    await removeTree(this.#temporary);
  }

  #close(): void {
    if (this.#open) closeSync(this.fd);
    this.#open = false;
  }
}

/** Opens and locks a folder just made; undefined if another process took it for a leftover in that instant. */
function lockFolder(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, OPEN_FOLDER);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (tryLock(fd) && fstatSync(fd).nlink > 0) return fd;
  closeSync(fd);
  return undefined;
}

async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.tmp-`;
  const names = await readdir(dirname(target));
  for (const name of names.filter((each) => each.startsWith(prefix) && /-[0-9a-f]{12}$/.test(each))) {
    const path = join(dirname(target), name);
    const fd = lockFolder(path);
    if (fd === undefined) continue;
    try {
      await removeTree(path);
    } finally {
      closeSync(fd);
    }
  }
}

async function lstatOf(path: string): Promise<unknown> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function exists(target: string): ProdngError {
  return new ProdngError('TARGET_EXISTS', `${target}: exists already`);
}
