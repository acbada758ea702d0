import { closeSync, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../../kernel/at.ts';

/** A file that is locked for as long as a jail of that name runs: two runs would have the same volumes. */
export function nameLockPath(folder: string, name: string): string {
  return join(folder, `${name}.lock`);
}

/**
 * Takes the lock of a name. The file is removed when the lock is released, so one that was opened before and locked after
 * that is not the one that others open.
 *
 * @returns a descriptor that holds it, also in programs that inherit it; undefined when another one holds it
 */
export function tryNameLock(path: string): number | undefined {
  for (;;) {
    const fd = openSync(path, 'a', 0o600);
    if (!tryLock(fd)) {
      closeSync(fd);
      return undefined;
    }
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) return fd;
    closeSync(fd);
  }
}

/** Releases a lock that only this descriptor holds, and removes its file. */
export function releaseNameLock(path: string, fd: number): void {
  rmSync(path, { force: true });
  closeSync(fd);
}

/** Removes the file of a lock that was held by a program that has ended; one that is held stays. */
export function removeNameLock(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
  const fd = tryNameLock(path);
  if (fd !== undefined) releaseNameLock(path, fd);
}
