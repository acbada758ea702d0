import { isIPv4, isIPv6 } from 'node:net';

/** An address of IPv4 or IPv6 as a number, to count with. */
export interface IpNumber {
  /** Bits of an address of its kind. */
  bits: 32 | 128;
  value: bigint;
}

/** @returns undefined for what is no address; one with a zone (`fe80::1%eth0`) is none */
export function parseIp(text: string): IpNumber | undefined {
  if (isIPv4(text)) return { bits: 32, value: joined(text.split('.').map(BigInt), 8n) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = text.split('::', 2);
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0n);
  return { bits: 128, value: joined([...before, ...zeros, ...after], 16n) };
}

function joined(parts: readonly bigint[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | part, 0n);
}

/** The last 32 bits may be written as an IPv4 address, RFC 4291 2.2. */
function groupsOf(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = joined(group.split('.').map(BigInt), 8n);
    return [value >> 16n, value & 0xffffn];
  });
}

/** The form of RFC 5952, but for the choice of which zeros are left out. */
export function formatIp({ bits, value }: IpNumber): string {
  const part = (index: number, width: number) =>
    (value >> BigInt(bits - width * (index + 1))) & ((1n << BigInt(width)) - 1n);
  if (bits === 32) return Array.from({ length: 4 }, (_, index) => part(index, 8)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => part(index, 16).toString(16)).join(':');
  return groups.replace(/(?:^|:)0(?::0)+(?:$|:)/, '::');
}

/** A block of addresses, and the address that it was written with. */
export interface IpBlock {
  address: IpNumber;
  prefix: number;
  first: bigint;
  last: bigint;
}

/** Reads `192.0.2.10/24`. @returns undefined for what is no such block */
export function parseBlock(text: string): IpBlock | undefined {
  const [, host = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseIp(host);
  const prefix = Number(length);
  if (address === undefined || prefix > address.bits) return undefined;
  const size = 1n << BigInt(address.bits - prefix);
  const first = address.value - (address.value % size);
  return { address, prefix, first, last: first + size - 1n };
}

/** Whether an address lies in a block. */
export function isIn({ bits, value }: IpNumber, block: IpBlock): boolean {
  return bits === block.address.bits && value >= block.first && value <= block.last;
}
