import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

const getsockopt = libcFunction('int getsockopt(int fd, int level, int name, void *value, void *length)');

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** asm-generic/socket.h; since Linux 4.13. */
const SO_PEERGROUPS = 59;
/** Bytes of NGROUPS_MAX group ids. */
const mostGroups = 65_536 * 4;

/**
 * The uid of the process that connected to a unix socket of ours, as it was then: SO_PEERCRED, unix(7).
 *
 * @returns undefined when it is closed, or no unix socket
 */
export function peerUid(socket: object): number | undefined {
  // struct ucred: pid, uid, gid
  const uid = socketOption(socket, SO_PEERCRED, 12)?.readUInt32LE(4);
  // for a socket that is not AF_UNIX the kernel reports uid -1
  return uid === 0xffff_ffff ? undefined : uid;
}

/**
 * The uid and all groups of the process that connected to a unix socket of ours, as they were then.
 *
 * @returns undefined when it is closed, or no unix socket
 */
export function peerCredentials(socket: object): { uid: number; gids: number[] } | undefined {
  const credentials = socketOption(socket, SO_PEERCRED, 12);
  const groups = socketOption(socket, SO_PEERGROUPS, mostGroups);
  const uid = credentials?.readUInt32LE(4);
  if (credentials === undefined || groups === undefined || uid === 0xffff_ffff || uid === undefined)
    return undefined;
  const others = Array.from({ length: groups.length / 4 }, (_, index) => groups.readUInt32LE(index * 4));
  return { uid, gids: [credentials.readUInt32LE(8), ...others] };
}

function socketOption(socket: object, option: number, most: number): Buffer | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  const value = Buffer.alloc(most);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(most);
  try {
    getsockopt(fd, SOL_SOCKET, option, value, length);
  } catch (error) {
    if (['EBADF', 'ENOPROTOOPT', 'ENOTSOCK'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  return value.subarray(0, length.readUInt32LE());
}

/** Node offers no way to a socket's descriptor but its handle. */
function descriptorOf(socket: object): number | undefined {
  if (!('_handle' in socket)) return undefined;
  const { _handle: handle } = socket;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
