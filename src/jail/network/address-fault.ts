import { isIn, parseBlock, parseIp } from './ip-address.ts';

/**
 * Says what is wrong with an address that a jail is to have, wherever it comes from: an operator, a pool, a DHCP
 * server.
 *
 * @param address with its prefix, `192.0.2.10/24`
 * @param gateway of the default route
 * @returns undefined when a host can have it and reach that gateway
 */
export function addressFault(address: string, gateway?: string): string | undefined {
  const block = parseBlock(address);
  if (block === undefined) return `${address} is no address with its prefix`;
  const { bits, value } = block.address;
  // the first address of an IPv4 block names it and the last is its broadcast, RFC 3021 for blocks of two
  const ends = bits === 32 && block.prefix < 31 ? [block.first, block.last] : [];
  if (!isUnicast(bits, value) || ends.includes(value)) return `${address} is not the address of a host`;
  if (gateway === undefined) return undefined;
  const way = parseIp(gateway);
  const isReached = way !== undefined && (isIn(way, block) || isLinkLocal(way.bits, way.value, bits));
  if (isReached && way.value !== value && !ends.includes(way.value)) return undefined;
  return `${JSON.stringify(gateway.slice(0, 50))} is no gateway of ${address}`;
}

/** Neither "this network", loopback, multicast nor reserved, RFC 6890. */
function isUnicast(bits: 32 | 128, value: bigint): boolean {
  if (bits === 128) return value > 1n && value >> 120n !== 0xffn;
  const first = value >> 24n;
  return first > 0n && first !== 127n && first < 224n;
}

/** A router of IPv6 may be known by its address on the link, RFC 4861 4.2. */
function isLinkLocal(bits: 32 | 128, value: bigint, wanted: 32 | 128): boolean {
  return bits === 128 && wanted === 128 && value >> 118n === 0x3fan;
}
