import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsync, lstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { linkDescriptor, moveNewAt, openBeneath, unlinkAt } from '../kernel/at.ts';
import { outputFault } from './output-fault.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY } = constants;
const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/** A file that has no name until it is complete: a process that dies before leaves nothing. */
export interface UnnamedFile {
  fd: number;
  /** Syncs it and gives it its name. @throws ProdngError TARGET_EXISTS when anything has that name, a link too */
  publish(): Promise<{ size: number; sha256: string }>;
  /** Closes it; without `publish` before, it is gone. */
  close(): void;
}

/**
 * Makes a file for `path`, mode 0600: open(2), O_TMPFILE. Where the file system has no such files it gets a random
 * name beside `path` meanwhile. Links in the folder's path are the user's and are followed, once.
 *
 * @throws ProdngError IO, TARGET_EXISTS
 */
export function makeUnnamedFile(path: string): UnnamedFile {
  const place = resolve(path);
  const name = basename(place);
  const folder = openFolder(path, dirname(place));
  let temporary: string | undefined;
  let fd: number;
  try {
    // told before the work, not after it
    if (lstatSync(`/proc/self/fd/${folder}/${name}`, { throwIfNoEntry: false }) !== undefined)
      throw targetExists(path);
    [fd, temporary] = makeFile(folder);
  } catch (error) {
    closeSync(folder);
    throw outputFault(path, error, 'written');
  }
  return {
    fd,
    async publish() {
      await promisify(fsync)(fd);
      const facts = { size: fstatSync(fd).size, sha256: digestOf(fd) };
      try {
        if (temporary === undefined) linkDescriptor(fd, folder, name);
        else moveNewAt(folder, temporary, folder, name);
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw outputFault(path, error, 'written');
        throw targetExists(path);
      }
      temporary = undefined;
      await promisify(fsync)(folder);
      return facts;
    },
    close() {
      closeSync(fd);
      if (temporary !== undefined) unlinkAt(folder, temporary);
      closeSync(folder);
    },
  };
}

function openFolder(path: string, folder: string): number {
  try {
    return openSync(folder, O_RDONLY | O_DIRECTORY);
  } catch (error) {
    throw outputFault(path, error, 'written');
  }
}

/** @returns a descriptor, and the file's name when it has one */
function makeFile(folder: number): [number, string?] {
  try {
    return [openBeneath(folder, '.', O_RDWR | O_TMPFILE, 0o600)];
  } catch (error) {
    if (!['EOPNOTSUPP', 'EISDIR', 'EINVAL'].includes(errnoOf(error) ?? '')) throw error;
    const temporary = `.prodng-${randomBytes(9).toString('hex')}.tmp`;
    return [openBeneath(folder, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), temporary];
  }
}

function digestOf(fd: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(2 ** 20);
  for (let at = 0; ; ) {
    const length = readSync(fd, buffer, 0, buffer.length, at);
    if (length === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, length));
    at += length;
  }
}

function targetExists(path: string): ProdngError {
  return new ProdngError('TARGET_EXISTS', `${path}: exists already`, {
    hint: 'evidence never replaces a file: choose another name',
  });
}
