import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';
import { inNetns } from './netns.ts';

const socket = libcFunction('int socket(int domain, int type, int protocol)');
const bind = libcFunction('int bind(int fd, const void *address, uint32_t length)');
const send = libcFunction(
  'int64_t sendto(int fd, const void *bytes, uint64_t length, int flags, const void *address, uint32_t size)',
);
const receive = libcFunction('int64_t recv(int fd, _Out_ void *bytes, uint64_t length, int flags)');
const ifNameToIndex = libcFunction('uint32_t if_nametoindex(const char *name)');

const AF_PACKET = 17;
/** SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK: the kernel writes and removes the header of the link, packet(7). */
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 0o2004002;
const ETH_P_ARP = 0x0806;
const broadcast = Buffer.alloc(6, 0xff);
const noAddress = Buffer.alloc(4);

/** Bytes of an ARP packet for IPv4 on Ethernet, RFC 826. */
const length = 28;
/** ms between two probes, and how long each is waited for. RFC 5227 2.1.1 has seconds: a start cannot take those. */
const pause = 100;
const probes = 2;

/** An interface of a network namespace, and what it is to be known by. */
export interface ArpLink {
  /** A process in the namespace. */
  pid: number;
  link: string;
  /** Its hardware address, `02:00:00:00:00:01`. */
  mac: string;
}

/**
 * Asks whether a host on the link has an IPv4 address, before it is used: an ARP probe, RFC 5227 2.1.
 *
 * @returns the hardware address of a host that has it, or probes for it as well; undefined when none answers in 200 ms
 * @throws SystemError, ENODEV when there is no such interface
 */
export async function probeAddress(at: ArpLink, address: string): Promise<string | undefined> {
  const own = bytesOfMac(at.mac);
  const wanted = bytesOfIp(address);
  const { fd, place } = openLink(at);
  try {
    for (let sent = 0; sent < probes; sent++) {
      send(fd, arpRequest(own, noAddress, wanted), length, 0, place, place.length);
      const end = performance.now() + pause;
      while (performance.now() < end) {
        const other = otherOwner(fd, own, wanted);
        if (other !== undefined) return other;
        await sleep(5);
      }
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Tells the hosts on the link that an address is ours: an ARP announcement, RFC 5227 2.3. */
export function announceAddress(at: ArpLink, address: string): void {
  const own = bytesOfIp(address);
  const { fd, place } = openLink(at);
  try {
    send(fd, arpRequest(bytesOfMac(at.mac), own, own), length, 0, place, place.length);
  } finally {
    closeSync(fd);
  }
}

function openLink({ pid, link }: ArpLink): { fd: number; place: Buffer } {
  return inNetns(pid, () => {
    const fd = socket(AF_PACKET, SOCK_DGRAM_CLOEXEC_NONBLOCK, swapped(ETH_P_ARP));
    try {
      const place = linkAddress(ifNameToIndex(link));
      bind(fd, place, place.length);
      return { fd, place };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });
}

/** Reads what has come; RFC 5227 2.1.1 says which packets are a conflict. */
function otherOwner(fd: number, own: Buffer, wanted: Buffer): string | undefined {
  const packet = Buffer.alloc(length);
  for (;;) {
    let bytes: number;
    try {
      bytes = Number(receive(fd, packet, length, 0));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return undefined;
      throw error;
    }
    if (bytes < length) continue;
    const [mac, sender, target] = [packet.subarray(8, 14), packet.subarray(14, 18), packet.subarray(24, 28)];
    const isProbe = sender.equals(noAddress) && packet.readUInt16BE(6) === 1;
    const isConflict = sender.equals(wanted) || (isProbe && target.equals(wanted));
    if (isConflict && !mac.equals(own))
      return [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  }
}

function arpRequest(mac: Buffer, sender: Buffer, target: Buffer): Buffer {
  // Ethernet, IPv4, lengths of their addresses, request
  return Buffer.concat([Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]), mac, sender, Buffer.alloc(6), target]);
}

/** struct sockaddr_ll of everyone on the link. */
function linkAddress(index: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ARP, 2);
  address.writeInt32LE(index, 4);
  address.writeUInt8(6, 11);
  broadcast.copy(address, 12);
  return address;
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

function bytesOfMac(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function bytesOfIp(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}
