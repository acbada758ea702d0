import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync, readSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { linkDescriptor, renameNew } from '../../kernel/at.ts';
import { syncFolder } from '../../system/atomic-file.ts';

const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** A file that has no name until it is complete: a process that dies before leaves nothing. */
export interface UnnamedFile {
  fd: number;
  /** Syncs it and gives it its name. @throws ProdngError TARGET_EXISTS */
  publish(): Promise<{ size: number; sha256: string }>;
  /** Closes it; without `publish` before, it is gone. */
  close(): void;
}

/**
 * Makes a file for `path`, mode 0600: open(2), O_TMPFILE. Where the file system has no such files it gets a random
 * name beside `path` meanwhile.
 *
 * @throws ProdngError IO, TARGET_EXISTS
 */
export function makeUnnamedFile(path: string): UnnamedFile {
  // told before the work, not after it
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw targetExists(path);
  let temporary: string | undefined;
  let fd: number;
  try {
    fd = openSync(dirname(path), constants.O_RDWR | O_TMPFILE, 0o600);
  } catch (error) {
    if (!['EOPNOTSUPP', 'EISDIR', 'EINVAL'].includes(errnoOf(error) ?? '')) throw unwritable(path, error);
    temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
    fd = openSync(temporary, 'wx+', 0o600);
  }
  return {
    fd,
    async publish() {
      fsyncSync(fd);
      const facts = { size: fstatSync(fd).size, sha256: digestOf(fd) };
      try {
        if (temporary === undefined) linkDescriptor(fd, path);
        else renameNew(temporary, path);
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw unwritable(path, error);
        throw targetExists(path);
      }
      temporary = undefined;
      await syncFolder(dirname(path));
      return facts;
    },
    close() {
      closeSync(fd);
      if (temporary !== undefined) rmSync(temporary, { force: true });
    },
  };
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

function unwritable(path: string, cause: unknown): ProdngError {
  return new ProdngError('IO', `${path}: cannot be written: ${reasonOf(cause)}`, { cause });
}
