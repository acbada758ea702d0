import { BlockList, isIPv4 } from 'node:net';
import type { ConnectRule } from '../control/jail-declaration.ts';
import { connectText, type Declared } from './declared.ts';
import type { Discrepancy } from './discrepancy.ts';
import { isWhole, type Profile } from './profile.ts';

type Connection = Profile['connections'][number];

/** TCP connections and ports, compared with Jail-Connect and Jail-Listen. Datagrams are not counted. */
export function* connectionDiscrepancies(declared: Declared, profile: Profile): Iterable<Discrepancy> {
  const made = profile.connections.filter(({ way }) => way === 'connected' || way === 'failed');
  const bound = new Set(profile.connections.flatMap(({ way, port }) => (way === 'listens' ? [port] : [])));
  if (isWhole(profile)) {
    for (const { port, protocol } of declared.listen)
      if (protocol === 'tcp' && !bound.has(port))
        yield {
          kind: 'listen-never-bound',
          context: `${port}/${protocol}`,
          field: 'Listen',
          message: `port ${port}/${protocol} is declared, and nothing ever listened on it`,
        };
    for (const rule of declared.connect)
      if (rule.kind === 'host' && rule.protocol === 'tcp' && !made.some((each) => matches(rule, each)))
        yield {
          kind: 'connect-never-used',
          context: connectText(rule),
          field: 'Connect',
          message: `${connectText(rule)} is declared, and was never connected to`,
        };
  }
  for (const connection of made) {
    const { address = '', port, count, error } = connection;
    if (isLoopback(address) || declared.connect.some((rule) => matches(rule, connection))) continue;
    const peer = `${address.includes(':') ? `[${address}]` : address}:${port}/tcp`;
    yield {
      kind: 'connect-undeclared',
      context: peer,
      field: 'Connect',
      message: `${peer} is not declared; ${count === 1 ? 'a connection' : `${count} connections`} ${
        error === undefined ? 'came about' : `failed with ${error}`
      }`,
    };
  }
}

/** A name is not resolved again: of a rule with one, the port is compared. */
export function matches(rule: ConnectRule, { address = '', port, protocol }: Connection): boolean {
  if (rule.kind === 'any') return true;
  if (rule.kind === 'dns') return port === 53;
  if (rule.port !== port || rule.protocol !== protocol) return false;
  const [network = '', prefix] = rule.host.replace(/^\[|\]$/g, '').split('/');
  const family = isIPv4(network) ? 'ipv4' : network.includes(':') ? 'ipv6' : undefined;
  if (family === undefined) return true;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family);
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '0.0.0.0' || address === '::';
}
