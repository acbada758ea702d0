import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { inNetns } from '../../kernel/netns.ts';
import { formatIp, parseIp } from './ip-address.ts';

const settings = '/proc/sys/net/ipv6/conf';

/** IFA_F_TENTATIVE and IFA_F_DADFAILED, linux/if_addr.h. */
const [tentative, duplicate] = [0x40, 0x08];

/** ms that the kernel may take to find out whether an address is in use: one probe a second, RFC 4862 5.4. */
const patience = 5000;

/** ip-sysctl: what an interface takes from the network by itself. IPv6 is off where no address of it is declared. */
function ipv6Settings(hasIpv6: boolean): Record<string, string> {
  return {
    accept_ra: '0',
    autoconf: '0',
    accept_redirects: '0',
    disable_ipv6: hasIpv6 ? '0' : '1',
    // tells the neighbours of a new address
    ndisc_notify: '1',
  };
}

/**
 * Has the interfaces that are about to be made in a jail's network namespace take no address and no route from router
 * advertisements: it has what is declared and nothing else.
 *
 * @throws ProdngError NETWORK
 */
export function refuseAdvertisements(pid: number, hasIpv6: boolean): void {
  inNetns(pid, () => {
    if (!existsSync(settings)) return;
    for (const [name, value] of Object.entries(ipv6Settings(hasIpv6))) {
      try {
        writeFileSync(`${settings}/default/${name}`, value);
      } catch (cause) {
        throw new ProdngError('NETWORK', `${settings}/default/${name}: ${reasonOf(cause)}`, {
          hint: 'is /proc/sys writable on this host?',
          cause,
        });
      }
    }
  });
}

/** Says which of those settings an interface does not have. */
export function compareAdvertisements(pid: number, link: string, hasIpv6: boolean): string[] {
  return inNetns(pid, () => {
    if (!existsSync(settings)) return [];
    return Object.entries(ipv6Settings(hasIpv6)).flatMap(([name, value]) => {
      const found = readFileSync(`${settings}/${link}/${name}`, 'utf8').trim();
      return found === value ? [] : [`net.ipv6.conf.${link}.${name} is ${found} and not ${value}`];
    });
  });
}

/** An IPv6 address as /proc/net/if_inet6 tells it. */
export interface Ipv6Address {
  address: string;
  link: string;
  flags: number;
}

export function parseIfInet6(text: string): Ipv6Address[] {
  return [...text.matchAll(/^([0-9a-f]{32}) \S+ \S+ \S+ ([0-9a-f]+)\s+(\S+)$/gm)].map(
    ([, hex = '', flags = '', link = '']) => ({
      address: formatIp({ bits: 128, value: BigInt(`0x${hex}`) }),
      link,
      flags: Number.parseInt(flags, 16),
    }),
  );
}

/** Addresses of IPv4 that are the namespace's own, of /proc/net/fib_trie. */
export function parseFibTrie(text: string): string[] {
  const found = [...text.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL$/gm)].map(([, address = '']) => address);
  return [...new Set(found)];
}

/** Gateways of the default routes, of /proc/net/route and /proc/net/ipv6_route. */
export function parseDefaultRoutes(ipv4: string, ipv6: string): string[] {
  const four = [...ipv4.matchAll(/^(?!lo\t)\S+\t0{8}\t([0-9A-F]{8})\t\S+\t\S+\t\S+\t\S+\t0{8}\t/gm)];
  const six = [...ipv6.matchAll(/^0{32} 00 \S+ \S+ ([0-9a-f]{32}) (?:\S+ ){4}\s*(?!lo$)\S+$/gm)];
  return [
    ...four.map(([, hex = '']) => Buffer.from(hex, 'hex').toReversed().join('.')),
    ...six.map(([, hex = '']) => formatIp({ bits: 128, value: BigInt(`0x${hex}`) })),
  ];
}

/** What a jail is to have: its address with its prefix and its gateway. */
export interface OwnAddress {
  address: string;
  gateway?: string | undefined;
}

/** Says what is different about the addresses and default routes of a jail's network namespace. */
export function compareAddresses(pid: number, link: string, own: OwnAddress): string[] {
  const read = (name: string) => {
    const path = `/proc/${pid}/net/${name}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const wanted = plain(own.address);
  const isIpv6 = wanted.includes(':');
  const six = parseIfInet6(read('if_inet6'))
    .filter((one) => one.link === link)
    .map(({ address }) => address)
    .filter((address) => !(isIpv6 && address.startsWith('fe80:')));
  const four = parseFibTrie(read('fib_trie')).filter((address) => !address.startsWith('127.'));
  const routes = parseDefaultRoutes(read('route'), read('ipv6_route'));
  const gateway = own.gateway === undefined ? [] : [plain(own.gateway)];
  return [
    ...different('the address', [...four, ...six], [wanted]),
    ...different('the default route via', routes, gateway),
  ];
}

function different(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...wanted.filter((one) => !found.includes(one)).map((one) => `${what} ${one} is missing`),
    ...found.filter((one) => !wanted.includes(one)).map((one) => `${what} ${one} is there and not declared`),
  ];
}

/** Without its prefix, in the one form that addresses are compared in. */
function plain(address: string): string {
  const ip = parseIp(address.replace(/\/.*$/, ''));
  return ip === undefined ? address : formatIp(ip);
}

/**
 * Waits until the kernel knows that no other host on the link has an IPv6 address, RFC 4862 5.4.
 *
 * @throws ProdngError NETWORK when one has, or when it takes too long
 */
export async function awaitUnique(pid: number, link: string, address: string): Promise<void> {
  const wanted = plain(address);
  const end = performance.now() + patience;
  for (;;) {
    const found = parseIfInet6(readFileSync(`/proc/${pid}/net/if_inet6`, 'utf8')).find(
      (one) => one.link === link && one.address === wanted,
    );
    if (found === undefined || (found.flags & duplicate) !== 0) throw inUse(wanted, 'another host');
    if ((found.flags & tentative) === 0) return;
    if (performance.now() > end)
      throw new ProdngError('NETWORK', `${wanted}: the search for a duplicate does not end`, {
        hint: 'has the uplink a carrier? see: ip link',
      });
    await sleep(20);
  }
}

/** @param owner the one who has it */
export function inUse(address: string, owner: string): ProdngError {
  return new ProdngError('NETWORK', `${address} is in use: ${owner} on that link has it`, {
    hint: 'give the jail another address, or take that host off the link',
  });
}
