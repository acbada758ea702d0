import { closeSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const socket = libcFunction('int socket(int domain, int type, int protocol)');
const ioctl = libcFunction('int ioctl(int fd, unsigned long request, void *argument)');

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;

/**
 * Switches an interface of this thread's network namespace on or off, netdevice(7).
 *
 * @throws SystemError, ENODEV when there is none of that name
 */
export function setLinkUp(name: string, up: boolean): void {
  const fd = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  try {
    // struct ifreq: the name, and then the flags
    const request = Buffer.alloc(40);
    request.write(name, 0, 15, 'latin1');
    ioctl(fd, SIOCGIFFLAGS, request);
    const flags = request.readUInt16LE(16);
    request.writeUInt16LE(up ? flags | IFF_UP : flags & ~IFF_UP, 16);
    ioctl(fd, SIOCSIFFLAGS, request);
  } finally {
    closeSync(fd);
  }
}
