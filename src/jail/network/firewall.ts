import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import type { ConnectRule, JailDeclaration, Protocol } from '../../control/jail-declaration.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { runTool } from '../runtime/host-tool.ts';

/** A rule of Jail-Connect with its name resolved. */
export interface Destination {
  /** The name that has that address, when it was declared by one. */
  name?: string;
  /** An address or a block of addresses. */
  address: string;
  port: number;
  protocol: Protocol;
}

/** Where a jail may connect to. */
export interface Destinations {
  any: boolean;
  hosts: Destination[];
  /** Addresses of the resolvers that the jail gets. */
  resolvers: string[];
}

/**
 * Resolves the names in Jail-Connect, with the host's own resolver, and finds the resolvers for `dns`.
 *
 * @param resolvers of the jail's network (default: the host's)
 * @throws ProdngError NETWORK for a name without an address
 */
export async function resolveDestinations(
  rules: readonly ConnectRule[],
  resolvers?: readonly string[],
): Promise<Destinations> {
  const hosts = await Promise.all(rules.flatMap((rule) => (rule.kind === 'host' ? [addressesOf(rule)] : [])));
  const any = rules.some(({ kind }) => kind === 'any');
  const dns = any || rules.some(({ kind }) => kind === 'dns');
  return { any, hosts: hosts.flat(), resolvers: dns ? [...(resolvers ?? hostResolvers())] : [] };
}

async function addressesOf(rule: ConnectRule & { kind: 'host' }): Promise<Destination[]> {
  const { host, port, protocol } = rule;
  if (isIP(host.split('/')[0] ?? '') !== 0) return [{ address: host, port, protocol }];
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address }) => ({ name: host, address, port, protocol }));
  } catch (error) {
    throw new ProdngError('NETWORK', `Jail-Connect: ${host} has no address: ${reasonOf(error)}`, {
      hint: 'the name must be known to this host when the jail starts',
      cause: error,
    });
  }
}

/** systemd-resolved's stub is on the host's loopback, which is not the jail's: it writes the real ones elsewhere. */
const resolverFiles = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The resolvers of the host that are not on its loopback, resolv.conf(5). */
function hostResolvers(): string[] {
  for (const file of resolverFiles) {
    const resolvers = parseResolvers(textOf(file)).filter((address) => !/^(?:127\.|::1$)/.test(address));
    if (resolvers.length > 0) return resolvers;
  }
  return [];
}

export function parseResolvers(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const address = /^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/.exec(line)?.[1] ?? '';
    return isIP(address) === 0 ? [] : [address];
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** By number: a small host has no /etc/protocols (package netbase) to resolve their names. */
const [ICMP, ICMPV6] = [1, 58] as const;

/**
 * The packet filter of a macvlan jail, nft(8): in comes what Jail-Listen names, out goes what Jail-Connect names, and
 * answers to either. What may not go out is rejected rather than dropped: a program that asks for what it did not
 * declare learns it at once. ICMP stays, as paths and neighbours are found with it.
 *
 * Nothing goes out under an address that is not the jail's: IPV6_FREEBIND lets any process choose one, and CAP_NET_RAW
 * writes what it likes. Only the search for an own address has none yet.
 */
export function firewallRules(
  { listen }: Pick<JailDeclaration, 'listen'>,
  { any, hosts, resolvers }: Destinations,
): string {
  const dns = resolvers.flatMap((address) =>
    (['udp', 'tcp'] as const).map((protocol) => ({ address, port: 53, protocol })),
  );
  const out = any ? ['accept'] : [...hosts, ...dns].map(destinationRule);
  return `table inet prodng {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    meta l4proto { ${ICMP}, ${ICMPV6} } accept
${indented(listen.map(({ port, protocol }) => `${protocol} dport ${port} accept`))}  }
  chain output {
    type filter hook output priority 0; policy drop;
    oif lo accept
    ip6 saddr :: icmpv6 type { nd-router-solicit, nd-neighbor-solicit, mld2-listener-report } accept
    fib saddr type != local drop
    ct state established,related accept
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } accept
${indented(out)}    reject with icmpx admin-prohibited
  }
}
`;
}

function destinationRule({ address, port, protocol }: Destination): string {
  const family = isIPv6(address.split('/')[0] ?? '') ? 'ip6' : 'ip';
  return `${family} daddr ${address} ${protocol} dport ${port} accept`;
}

function indented(rules: readonly string[]): string {
  return rules.map((rule) => `    ${rule}\n`).join('');
}

/** @throws ProdngError NETWORK when the kernel does not take the rules: a jail without them is not started */
export async function applyFirewall(
  pid: number,
  declaration: JailDeclaration,
  destinations: Destinations,
): Promise<void> {
  const { status, stderr } = await runTool(
    ['nsenter', '--net', '--target', String(pid), 'nft', '--file', '-'],
    { input: firewallRules(declaration, destinations), accept: [0, 1] },
  );
  if (status === 0) return;
  throw new ProdngError('NETWORK', `the jail's packet filter cannot be set up: ${stderr.trim()}`, {
    hint: 'as root, run: apt-get install nftables, and run: prodng doctor',
  });
}
