import { closeSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const socket = libcFunction('int socket(int domain, int type, int protocol)');
const sendto = libcFunction(
  'long sendto(int fd, const void *data, size_t size, int flags, const void *address, uint32_t length)',
);

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const MSG_NOSIGNAL = 0x4000;

/**
 * Sends one datagram to a unix socket, unix(7).
 *
 * @param path an absolute path, or @ and the name of an abstract socket
 * @throws SystemError ENOENT, ECONNREFUSED
 */
export function sendDatagram(path: string, text: string): void {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
  const data = Buffer.from(text);
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  try {
    sendto(fd, data, data.length, MSG_NOSIGNAL, address, address.length);
  } finally {
    closeSync(fd);
  }
}
