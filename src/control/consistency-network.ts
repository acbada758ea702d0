import type { ConsistencyCheck, Inconsistency } from './inconsistency.ts';
import type { JailDeclaration } from './jail-declaration.ts';

export const networkChecks: readonly ConsistencyCheck[] = [
  { reads: ['listen', 'network'], find: listenNeedsNetwork },
  { reads: ['connect', 'network'], find: connectNeedsMacvlan },
  { reads: ['health', 'network'], find: healthNeedsNetwork },
];

function listenNeedsNetwork({ listen, network }: JailDeclaration): Inconsistency[] {
  if (listen.length === 0 || network !== 'none') return [];
  const message = 'the jail has no network to listen on; declare Network: loopback or macvlan';
  return [{ code: 'listen-without-network', field: 'Listen', message }];
}

function connectNeedsMacvlan({ connect, network }: JailDeclaration): Inconsistency[] {
  if (connect.length === 0 || network === 'macvlan') return [];
  const message = `the jail's network is ${network}, nothing outside can be reached; declare Network: macvlan`;
  return [{ code: 'connect-without-network', field: 'Connect', message }];
}

function healthNeedsNetwork({ health, network }: JailDeclaration): Inconsistency[] {
  if (health === undefined || health.kind === 'command' || network !== 'none') return [];
  const message =
    'the jail has no network to be asked over; declare Network: loopback or macvlan, or check by a program';
  return [{ code: 'health-without-network', field: 'Health', message }];
}
