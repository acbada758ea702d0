import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction, systemError } from './libc.ts';

const setns = libcFunction('int setns(int fd, int nstype)');
const socket = libcFunction('int socket(int domain, int type, int protocol)');
const connect = libcFunction('int connect(int fd, const void *address, uint32_t length)');
const getsockopt = libcFunction(
  'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ void *length)',
);
const poll = libcFunction('int poll(_Inout_ void *descriptors, uint64_t count, int timeout)');

const CLONE_NEWNET = 0x4000_0000;
const { ETIMEDOUT } = constants.errno;
const AF_INET = 2;
/** SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, socket(2). */
const SOCK_STREAM_CLOEXEC_NONBLOCK = 0o2004001;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const POLLOUT = 4;

/** ms between two polls of a connection that is being made: the first, and the longest. */
const [shortestPause, longestPause] = [1, 50];

/**
 * Connects to 127.0.0.1 in the network namespace of another process, without blocking this one: a service whose accept
 * queue is full lets only the caller wait.
 *
 * The calling thread enters that namespace only to make the socket and to begin to connect it, and leaves it before
 * anything else runs: a socket belongs for good to the namespace it was made in. network_namespaces(7).
 *
 * @param pid a process in the network namespace
 * @param port TCP port
 * @param timeout ms until a connection that is not answered is given up
 * @returns the connected socket's file descriptor, which the caller owns
 * @throws SystemError, ECONNREFUSED when nothing listens, ETIMEDOUT when it is not answered in time
 */
export async function connectInNetns(pid: number, port: number, timeout: number): Promise<number> {
  const end = performance.now() + timeout;
  const fd = inNetns(pid, () => beginToConnect(port));
  try {
    // on a loopback it is nearly always decided at once
    for (let pause = shortestPause; !isConnected(fd); pause = Math.min(pause * 2, longestPause)) {
      const left = end - performance.now();
      if (left <= 0) throw systemError('connect', ETIMEDOUT);
      await sleep(Math.min(pause, left));
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @throws SystemError when the connection was refused */
function isConnected(fd: number): boolean {
  // struct pollfd, poll(2)
  const descriptor = Buffer.alloc(8);
  descriptor.writeInt32LE(fd, 0);
  descriptor.writeInt16LE(POLLOUT, 4);
  if (poll(descriptor, 1, 0) === 0) return false;
  const value = Buffer.alloc(4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(4);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length);
  const error = value.readInt32LE();
  if (error !== 0) throw systemError('connect', error);
  return true;
}

/**
 * Runs `work`, which must not be asynchronous, with this thread in the network namespace of another process.
 *
 * @throws SystemError, ENOENT when there is no such process
 */
export function inNetns<T>(pid: number, work: () => T): T {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const theirs = openSync(`/proc/${pid}/ns/net`, 'r');
    try {
      setns(theirs, CLONE_NEWNET);
      try {
        return work();
      } finally {
        setns(own, CLONE_NEWNET);
      }
    } finally {
      closeSync(theirs);
    }
  } finally {
    closeSync(own);
  }
}

function beginToConnect(port: number): number {
  const fd = socket(AF_INET, SOCK_STREAM_CLOEXEC_NONBLOCK, 0);
  try {
    connect(fd, loopbackAddress(port), 16);
  } catch (error) {
    if (errnoOf(error) === 'EINPROGRESS') return fd;
    closeSync(fd);
    throw error;
  }
  return fd;
}

/** struct sockaddr_in of 127.0.0.1, ip(7). */
function loopbackAddress(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  return address;
}
