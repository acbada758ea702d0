import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

const flock = libcFunction('int flock(int fd, int operation)');
/** An archive may come from anybody: no link is followed to another file, and no reader of a fifo waited for. */
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Milliseconds between two tries: a blocking flock would stop the whole event loop. */
const interval = 100;

export interface FlockOptions {
  /** Milliseconds to wait for the lock (default 10 minutes). */
  timeout?: number;
  /** Called once when the lock is not free at once. */
  onWait?: () => void;
  signal?: AbortSignal;
}

/**
 * Holds an exclusive flock(2) on a file while `work` runs. The kernel frees it when the process ends, however it
 * ends; the file itself stays, because removing it would let two processes hold "the" lock.
 *
 * @throws ProdngError BUSY when it does not come free in time
 */
export async function withFlock<T>(
  path: string,
  work: () => Promise<T>,
  options: FlockOptions = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, flags, 0o644);
  try {
    await acquire(file.fd, path, options);
    return await work();
  } finally {
    await file.close();
  }
}

async function acquire(fd: number, path: string, options: FlockOptions): Promise<void> {
  const end = performance.now() + (options.timeout ?? 600_000);
  let waited = false;
  for (;;) {
    try {
      flock(fd, LOCK_EX | LOCK_NB);
      return;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'EAGAIN' && code !== 'EWOULDBLOCK' && code !== 'EINTR') throw error;
    }
    if (performance.now() > end) {
      throw new ProdngError('BUSY', `${path}: another prodng holds the lock`, {
        hint: `wait for it to end, or see who it is: fuser ${path}`,
      });
    }
    if (!waited) options.onWait?.();
    waited = true;
    await sleep(interval, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}
