import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type DhcpOffer, type DhcpServer, startDhcpServer } from '../support/dhcp-server.ts';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';

vi.setConfig({ testTimeout: 120_000 });

let host: JailHost;
let uplink: Uplink;
let server: DhcpServer | undefined;

beforeAll(async () => {
  uplink = await makeUplink();
});

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

afterAll(() => uplink.remove());

const dhcp = ['--uplink', 'uplink0', '--address', 'dhcp'];

async function serve(offer?: DhcpOffer): Promise<void> {
  server = await startDhcpServer(uplink, host.folder, offer);
}

async function runWith(fields: string, script: string) {
  const deb = await host.jail({ fields: `Jail-Network: macvlan\n${fields}` });
  return host.prodng(['run', deb, '--verbose', ...dhcp, '--', '/bin/sh', '-c', script], {
    netns: uplink.host,
  });
}

it('gives a jail without any right the address, prefix and route that a server leases', async () => {
  await serve();
  const script =
    'ip -o -4 addr show eth0; ip route; grep CapBnd /proc/self/status; ps | grep -c udhcp[c]; nc -w 2 192.0.2.1 53 </dev/null || echo refused';
  const { status, stdout, stderr } = await runWith('', script);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/inet 192\.0\.2\.1[012]\d\/24/);
  expect(stdout).toContain('default via 192.0.2.1 dev eth0');
  expect(stdout).toMatch(/CapBnd:\s0{16}\n0\n/);
  // the lease has made no hole in Jail-Connect
  expect(stdout).toContain('refused');
  expect(stderr).toMatch(/address +192\.0\.2\.1[012]\d\/24/);
});

it('has the kernel take the address away when it is not renewed', async () => {
  await serve();
  const { stdout } = await runWith('', 'ip addr show eth0 | grep valid_lft | head -n 1');
  const seconds = Number(/valid_lft (\d+)sec/.exec(stdout)?.[1]);
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThanOrEqual(132);
});

it('says within seconds that no server answers, and runs nothing', async () => {
  const began = performance.now();
  const { status, stdout, stderr } = await runWith('', 'echo ran');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('no address by DHCP: no server answers');
  expect(performance.now() - began).toBeLessThan(60_000);
});

it.each([
  ['a mask of no network', ['option subnet 0.0.0.0', 'option lease 60'], '0.0.0.0 is no network'],
  ['a mask with a hole', ['option subnet 255.0.255.0', 'option lease 60'], '255.0.255.0 is no network'],
  ['no mask', ['option lease 60'], 'subnet'],
  [
    'a gateway elsewhere',
    ['option subnet 255.255.255.0', 'option router 198.51.100.1', 'option lease 60'],
    '"198.51.100.1" is no gateway',
  ],
])('refuses %s', async (_, options, reason) => {
  await serve({ options });
  const { status, stdout, stderr } = await runWith('', 'echo ran');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('a DHCP server gave an absurd answer');
  expect(stderr).toContain(reason);
});

it.each(['127.0.0.5', '224.0.0.5'])('refuses %s as an address', async (address) => {
  await serve({ start: address, end: address });
  const { status, stdout, stderr } = await runWith('', 'echo ran');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('is not the address of a host');
});

it('takes no gateway beside it', async () => {
  expect(await host.prodng(['run', 'any.deb', ...dhcp, '--gateway', '192.0.2.1'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('with dhcp the server sets it'),
  });
});
