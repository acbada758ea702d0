import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

const pipe2 = libcFunction('int pipe2(int *fds, int flags)');
const fcntl = libcFunction('int fcntl(int fd, int command, long argument)');

const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;
/** /proc/sys/fs/pipe-max-size: the most an ordinary user may have. */
const MEBIBYTE = 2 ** 20;

/**
 * Makes a pipe of 1 MiB, or of the kernel's usual 64 KiB where the user has used up what pipe(7) allows. Node's own
 * child processes talk through socket pairs of 200 KiB, which halves what a decompressor can deliver.
 *
 * @returns two file descriptors that the caller owns
 */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const fds = Buffer.alloc(8);
  pipe2(fds, O_CLOEXEC);
  const [readEnd, writeEnd] = [fds.readInt32LE(0), fds.readInt32LE(4)];
  try {
    fcntl(writeEnd, F_SETPIPE_SZ, MEBIBYTE);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
  }
  return { readEnd, writeEnd };
}

const mkfifo = libcFunction('int mkfifo(const char *path, uint32_t mode)');

/** Makes a named pipe, fifo(7). @throws SystemError EEXIST, ... */
export function makeFifo(path: string, mode: number): void {
  mkfifo(path, mode);
}
