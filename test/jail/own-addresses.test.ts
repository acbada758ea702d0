import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDefaultRoutes, parseFibTrie, parseIfInet6 } from '../../src/jail/network/own-addresses.ts';

describe('what the kernel tells of addresses and routes', () => {
  it('has addresses of IPv6 with their flags', () => {
    const text =
      '00000000000000000000000000000001 01 80 10 80       lo\n' +
      '20010db8000000000000000000000077 02 40 00 c8     eth0\n';
    expect(parseIfInet6(text)).toEqual([
      { address: '::1', link: 'lo', flags: 0x80 },
      { address: '2001:db8::77', link: 'eth0', flags: 0xc8 },
    ]);
  });

  it('has the own addresses of IPv4, each once', () => {
    const table =
      '  +-- 192.0.2.0/24 2 0 2\n     |-- 192.0.2.0\n        /24 link UNICAST\n' +
      '     |-- 192.0.2.10\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n';
    expect(parseFibTrie(`Main:\n${table}Local:\n${table}`)).toEqual(['192.0.2.10']);
  });

  it('has the default routes, and not those that only say that there is none', () => {
    const ipv4 =
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT  \n' +
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0  \n' +
      'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0  \n';
    const zero = '0'.repeat(32);
    const ipv6 =
      `${zero} 00 ${zero} 00 20010db8000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n` +
      `20010db8000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0\n` +
      `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo\n`;
    expect(parseDefaultRoutes(ipv4, ipv6)).toEqual(['192.0.2.1', '2001:db8::1']);
  });

  it('reads any text without a fault', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(
          Array.isArray([...parseIfInet6(text), ...parseFibTrie(text), ...parseDefaultRoutes(text, text)]),
        ).toBe(true);
      }),
    );
  });
});
