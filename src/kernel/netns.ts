import { closeSync, openSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const setns = libcFunction('int setns(int fd, int nstype)');
const socket = libcFunction('int socket(int domain, int type, int protocol)');
const connect = libcFunction('int connect(int fd, const void *address, uint32_t length)');
const setsockopt = libcFunction(
  'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
);

const CLONE_NEWNET = 0x4000_0000;
const AF_INET = 2;
const SOCK_STREAM_CLOEXEC = 0o2000001;
const SOL_SOCKET = 1;
const SO_SNDTIMEO = 21;

/**
 * Connects to 127.0.0.1 in the network namespace of another process.
 *
 * The calling thread enters that namespace only to make the socket, and leaves it before anything else runs: a
 * socket belongs for good to the namespace it was made in. network_namespaces(7).
 *
 * @param pid a process in the network namespace
 * @param port TCP port
 * @returns the connected socket's file descriptor, which the caller owns
 * @throws SystemError, ECONNREFUSED when nothing listens
 */
export function connectInNetns(pid: number, port: number): number {
  return inNetns(pid, () => connectLoopback(port));
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

function connectLoopback(port: number): number {
  const fd = socket(AF_INET, SOCK_STREAM_CLOEXEC, 0);
  try {
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, timeval(1), 16);
    connect(fd, loopbackAddress(port), 16);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** struct sockaddr_in of 127.0.0.1, ip(7). */
function loopbackAddress(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  return address;
}

/** struct timeval of whole seconds. A full accept queue must not hold up the whole of prodng. */
function timeval(seconds: number): Buffer {
  const value = Buffer.alloc(16);
  value.writeBigInt64LE(BigInt(seconds), 0);
  return value;
}
