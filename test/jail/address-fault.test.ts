import { expect, it } from 'vitest';
import { addressFault } from '../../src/jail/network/address-fault.ts';

it.each([
  ['192.0.2.10/24', '192.0.2.1'],
  ['192.0.2.10/24', undefined],
  ['192.0.2.0/31', '192.0.2.1'],
  ['192.0.2.1/32', undefined],
  ['2001:db8::10/64', '2001:db8::1'],
  ['2001:db8::10/64', 'fe80::1'],
] as const)('a host can have %s with the gateway %s', (address, gateway) => {
  expect(addressFault(address, gateway)).toBeUndefined();
});

it.each([
  ['192.0.2.0/24', undefined, 'is not the address of a host'],
  ['192.0.2.255/24', undefined, 'is not the address of a host'],
  ['127.0.0.1/8', undefined, 'is not the address of a host'],
  ['0.0.0.1/8', undefined, 'is not the address of a host'],
  ['224.0.0.1/24', undefined, 'is not the address of a host'],
  ['255.255.255.255/32', undefined, 'is not the address of a host'],
  ['ff02::1/64', undefined, 'is not the address of a host'],
  ['::1/128', undefined, 'is not the address of a host'],
  ['192.0.2.10', undefined, 'is no address with its prefix'],
  ['192.0.2.10/33', undefined, 'is no address with its prefix'],
  ['192.0.2.10/24', '198.51.100.1', '"198.51.100.1" is no gateway'],
  ['192.0.2.10/24', '192.0.2.10', 'is no gateway'],
  ['192.0.2.10/24', '192.0.2.255', 'is no gateway'],
  ['192.0.2.10/24', '2001:db8::1', 'is no gateway'],
  ['192.0.2.10/24', 'fe80::1', 'is no gateway'],
  ['192.0.2.10/24', 'router', 'is no gateway'],
])('no host can have %s with the gateway %s', (address, gateway, fault) => {
  expect(addressFault(address, gateway)).toContain(fault);
});
