import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isInPool, nextFree } from '../../src/agent/network/address-pool.ts';
import { formatIp, parseIp } from '../../src/jail/network/ip-address.ts';

const lan = { uplink: 'eth0', subnet: '192.0.2.0/29', gateway: '192.0.2.1' };

/** All that the pool gives, in order. */
function all(network: Parameters<typeof nextFree>[0]): string[] {
  const given: string[] = [];
  for (;;) {
    const taken = new Set(given.map((address) => address.split('/')[0]));
    const address = nextFree(network, (one) => taken.has(one));
    if (address === undefined) return given;
    given.push(address);
  }
}

it('gives the hosts of a subnet, without its gateway', () => {
  expect(all(lan)).toEqual(['2', '3', '4', '5', '6'].map((last) => `192.0.2.${last}/29`));
  expect(all({ ...lan, range: ['192.0.2.0', '192.0.2.2'] })).toEqual(['192.0.2.0/29', '192.0.2.2/29']);
  expect(all({ uplink: 'eth0', subnet: '2001:db8::/126' })).toEqual([
    '2001:db8::1/126',
    '2001:db8::2/126',
    '2001:db8::3/126',
  ]);
  expect(all({ uplink: 'eth0', subnet: '192.0.2.4/31' })).toEqual(['192.0.2.4/31', '192.0.2.5/31']);
});

it('knows which addresses are its own', () => {
  for (const address of all(lan)) expect(isInPool(lan, address)).toBe(true);
  for (const address of ['192.0.2.1/29', '192.0.2.7/29', '192.0.2.2/24', '192.0.2.9/29', '2001:db8::2/29'])
    expect(isInPool(lan, address)).toBe(false);
});

it('reads every spelling of an address as the same number', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      const ip = parseIp(text);
      expect(ip && formatIp(ip)).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const ip = parseIp(text);
      if (ip === undefined) throw new Error(`${text} was not read`);
      const plain = formatIp(ip);
      expect(parseIp(plain)).toEqual(ip);
      expect(new URL(`http://[${plain}]/`).hostname).toBe(new URL(`http://[${text}]/`).hostname);
    }),
  );
  for (const text of ['', '1.2.3', 'fe80::1%eth0', '1.2.3.4/24', ':::'])
    expect(parseIp(text)).toBeUndefined();
});
