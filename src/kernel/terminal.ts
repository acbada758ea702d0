import { closeSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const libcSocket = libcFunction('int socket(int domain, int type, int protocol)');
const libcBind = libcFunction('int bind(int fd, const void *address, uint32_t length)');
const libcListen = libcFunction('int listen(int fd, int backlog)');
const libcAccept = libcFunction('int accept4(int fd, void *address, void *length, int flags)');
const libcRecvmsg = libcFunction('long recvmsg(int fd, void *message, int flags)');
const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request, void *argument)');
const isatty = libcFunction('int isatty(int fd)');
/** memcpy(3) answers with its first argument: called for nothing but the address of a buffer. */
const addressOf = libcFunction('uintptr_t memcpy(void *target, const void *source, size_t size)');

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const TIOCSWINSZ = 0x5414;

/** Listens on a path, for an OCI runtime that is to send us a terminal. unix(7). */
export function listenUnix(path: string): number {
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  if (address.write(path, 2) !== Buffer.byteLength(path))
    throw new RangeError(`${path}: too long for a socket`);
  const fd = libcSocket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  libcBind(fd, address, address.length);
  libcListen(fd, 1);
  return fd;
}

/**
 * Takes the file descriptor that a peer has sent: the caller knows that it has been sent already.
 *
 * @throws SystemError EAGAIN if no client has connected
 */
export function receiveDescriptor(listener: number): number {
  setNonBlocking(listener);
  const connection = libcAccept(listener, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
  try {
    // struct msghdr with one iovec and room for one struct cmsghdr with one descriptor
    const data = Buffer.alloc(4096);
    const control = Buffer.alloc(24);
    const vector = Buffer.alloc(16);
    vector.writeBigUInt64LE(pointer(data), 0);
    vector.writeBigUInt64LE(BigInt(data.length), 8);
    const message = Buffer.alloc(56);
    message.writeBigUInt64LE(pointer(vector), 16);
    message.writeBigUInt64LE(1n, 24);
    message.writeBigUInt64LE(pointer(control), 32);
    message.writeBigUInt64LE(BigInt(control.length), 40);
    libcRecvmsg(connection, message, MSG_CMSG_CLOEXEC);
    if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS)
      throw new Error('the runtime sent no terminal');
    return control.readInt32LE(16);
  } finally {
    closeSync(connection);
  }
}

function pointer(buffer: Buffer): bigint {
  return BigInt(addressOf(buffer, buffer, 0));
}

const FIONBIO = 0x5421;

function setNonBlocking(fd: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  libcIoctl(fd, FIONBIO, on);
}

/** Whether a descriptor is a terminal, isatty(3). */
export function isTerminal(fd: number): boolean {
  return isatty(fd) === 1;
}

/** Tells a terminal its size in characters, so that programs on it learn of it. ioctl_tty(2). */
export function setWindowSize(fd: number, { columns, rows }: { columns: number; rows: number }): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  libcIoctl(fd, TIOCSWINSZ, size);
}
