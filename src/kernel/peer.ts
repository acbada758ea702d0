import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

const getsockopt = libcFunction('int getsockopt(int fd, int level, int name, void *value, void *length)');

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/**
 * The uid of the process that connected to a unix socket of ours, as it was then: SO_PEERCRED, unix(7).
 *
 * @returns undefined when it is closed, or no unix socket
 */
export function peerUid(socket: object): number | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  // struct ucred: pid, uid, gid
  const credentials = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(credentials.length);
  try {
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
  } catch (error) {
    if (['EBADF', 'ENOPROTOOPT', 'ENOTSOCK'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  const uid = credentials.readUInt32LE(4);
  // for another family than AF_UNIX the kernel reports no peer
  return uid === 0xffff_ffff ? undefined : uid;
}

/** Node offers no way to a socket's descriptor but its handle. */
function descriptorOf(socket: object): number | undefined {
  if (!('_handle' in socket)) return undefined;
  const { _handle: handle } = socket;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
