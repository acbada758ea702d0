import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

const memfdCreate = libcFunction('int memfd_create(const char *name, unsigned int flags)');

const MFD_CLOEXEC = 1;
/** Linux 6.3; a host may insist on it by vm.memfd_noexec. */
const MFD_NOEXEC_SEAL = 8;

/**
 * Makes a file that is nowhere but in memory, memfd_create(2): for what a program is to read, or prints. Unlike a pipe
 * it is never full, and no writer waits.
 *
 * @param text its content; it is read from the beginning
 * @returns a file descriptor that the caller owns
 */
export function makeMemoryFile(text = ''): number {
  const fd = createWithoutExecution();
  // at a position of its own, so that the file's stays at the beginning
  if (text !== '') writeSync(fd, text, 0);
  return fd;
}

function createWithoutExecution(): number {
  try {
    return memfdCreate('prodng', MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
    return memfdCreate('prodng', MFD_CLOEXEC);
  }
}

/** Reads its whole content and closes it. */
export function takeMemoryFile(fd: number): string {
  try {
    const content = Buffer.alloc(fstatSync(fd).size);
    for (let at = 0; at < content.length; ) {
      const length = readSync(fd, content, at, content.length - at, at);
      if (length === 0) break;
      at += length;
    }
    return content.toString('utf8');
  } finally {
    closeSync(fd);
  }
}
