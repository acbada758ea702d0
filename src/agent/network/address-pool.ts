import { formatIp, type IpNumber, parseBlock, parseIp } from '../../jail/network/ip-address.ts';
import type { PoolNetwork } from '../state/networks-schema.ts';

/**
 * The first address of a network that nobody has.
 *
 * @param isTaken told without its prefix
 * @returns with its prefix; undefined when all are taken
 */
export function nextFree(network: PoolNetwork, isTaken: (address: string) => boolean): string | undefined {
  const pool = poolOf(network);
  if (pool === undefined) return undefined;
  const { bits, first, last, prefix, gateway } = pool;
  for (let value = first; value <= last; value++) {
    const address = formatIp({ bits, value });
    if (value !== gateway && !isTaken(address)) return `${address}/${prefix}`;
  }
  return undefined;
}

/** Whether an address may be kept by a jail of that network: its configuration may have changed since. */
export function isInPool(network: PoolNetwork, address: string): boolean {
  const [pool, block] = [poolOf(network), parseBlock(address)];
  if (pool === undefined || block === undefined || block.prefix !== pool.prefix) return false;
  const { bits, value } = block.address;
  return bits === pool.bits && value >= pool.first && value <= pool.last && value !== pool.gateway;
}

function poolOf({ subnet, range, gateway }: PoolNetwork) {
  const block = parseBlock(subnet);
  if (block === undefined) return undefined;
  const { address, prefix } = block;
  const [from, to] = (range ?? []).map((text) => parseIp(text)?.value);
  // the first address of an IPv4 block names it and the last is its broadcast; of an IPv6 block the first is any router's
  const hasEnds = address.bits - prefix < 2;
  const first = from ?? (hasEnds ? block.first : block.first + 1n);
  const last = to ?? (hasEnds || address.bits === 128 ? block.last : block.last - 1n);
  const bits: IpNumber['bits'] = address.bits;
  return {
    bits,
    first,
    last,
    prefix,
    gateway: gateway === undefined ? undefined : parseIp(gateway)?.value,
  };
}

/** One spelling for each address: what is set by hand may have another. */
export function plainAddress(text: string): string {
  const ip = parseIp(text.split('/', 1)[0] ?? '');
  return ip === undefined ? text : formatIp(ip);
}
