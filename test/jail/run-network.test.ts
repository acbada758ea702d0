import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endOf, type JailHost, makeJailHost, until } from '../support/jail-host.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';

let host: JailHost;
let uplink: Uplink;

beforeAll(async () => {
  uplink = await makeUplink();
});

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

afterAll(() => uplink.remove());

const linkNames = 'ip -o link | cut -d: -f2 | grep -vE "sit0|tunl0|gre|erspan|vti|ip6tnl"';
/** Answers each connection with one line, for ever. */
const server = (port: number, text: string) => `while :; do echo ${text} | nc -l -p ${port} >/dev/null; done`;

/** Starts a jail and waits for its first line. */
async function serving(
  name: string,
  fields: string,
  script: string,
  ...options: string[]
): Promise<ChildProcess> {
  const deb = await host.jail({ fields });
  const argv = ['run', deb, '--name', name, ...options, '--', '/bin/sh', '-c', `echo up; ${script}`];
  const child = host.start(argv, { netns: uplink.host });
  if (child.stdout === null) throw new Error('no output');
  said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  await until(() => {
    if (said.includes('up\n')) return true;
    if (child.exitCode !== null) throw new Error(`it did not come up: ${complaint}`);
    return false;
  });
  return child;
}

/** What the jail that was started last has said. */
let said = '';

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await endOf(child);
}

describe('none and loopback', () => {
  it('gives a jail nothing but a loopback that is down', async () => {
    const { stdout } = await host.script('', `${linkNames}; nc -w 1 127.0.0.1 80 2>&1`);
    expect(stdout).toBe(' lo\nnc: timed out\n');
  });

  it('gives it a loopback of its own, with its low ports', async () => {
    const fields = 'Jail-Network: loopback\nJail-Listen: 80/tcp';
    const script = `${linkNames}; echo hello | nc -l -p 80 & until sleep 1 | nc 127.0.0.1 80 2>/dev/null | grep hello; do :; done; nc -w 1 192.0.2.1 80 </dev/null || echo alone`;
    expect((await host.script(fields, script)).stdout).toBe(' lo\nhello\nalone\n');
  });

  it('lets no abstract socket of the host through', async () => {
    const name = `\0prodng-test-${process.pid}`;
    const listener = createServer().listen(name);
    await once(listener, 'listening');
    const { stdout } = await host.script('', 'cat /proc/net/unix | grep -c prodng-test');
    listener.close();
    expect(stdout).toBe('0\n');
  });
});

describe('--publish', () => {
  it('leads from a port of the host to one of the jail, and is gone with it', async () => {
    const port = await freePort();
    const script =
      'echo up; echo from inside > /tmp/index.html; exec busybox httpd -f -p 127.0.0.1:80 -h /tmp';
    const served = await host.jail({
      fields: 'Jail-Network: loopback\nJail-Listen: 80/tcp\nJail-Filesystem: tmp /tmp',
    });
    const child = host.start(['run', served, '--publish', `${port}:80`, '--', '/bin/sh', '-c', script]);
    if (child.stdout === null) throw new Error('no output');
    await once(child.stdout, 'data');
    const answers: string[] = [];
    while (answers.length < 5) {
      const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      if (answer !== undefined) answers.push(await answer.text());
    }
    expect(new Set(answers)).toEqual(new Set(['from inside\n']));
    await stop(child);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  it('refuses a port that is taken, and a jail without a network, before anything runs', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const loopback = await host.jail({ fields: 'Jail-Network: loopback\nJail-Command: /bin/echo ran' });
    expect(await host.prodng(['run', loopback, '--publish', `${port}:80`])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(`port ${port} of 127.0.0.1`),
    });
    taken.close();
    const none = await host.jail({ fields: 'Jail-Command: /bin/echo ran' });
    expect(await host.prodng(['run', none, '--publish', '1234:80'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('its network is none'),
    });
  });

  it.each(['80', '80:0', '80:99999', 'x:80:', '8080:80/tcp'])('refuses %s as a port', async (port) => {
    expect(await host.prodng(['run', 'any.deb', '--publish', port])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected [ADDRESS:]PORT:JAILPORT'),
    });
  });
});

describe('macvlan', () => {
  const listening = 'Jail-Network: macvlan\nJail-Listen: 80/tcp\nJail-Connect: any';
  const at = (address: string) => [
    '--uplink',
    'uplink0',
    '--address',
    `${address}/24`,
    '--gateway',
    '192.0.2.1',
  ];

  it('needs an uplink and an address', async () => {
    const deb = await host.jail({ fields: 'Jail-Network: macvlan' });
    expect(await host.prodng(['run', deb])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--uplink eth0 --address'),
    });
    expect(await host.prodng(['run', deb, '--uplink', 'uplink0'])).toMatchObject({ status: 2 });
    const absent = ['run', deb, '--uplink', 'absent0', '--address', '192.0.2.10/24'];
    expect(await host.prodng(absent)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('cannot make a macvlan on absent0'),
    });
    const wrong = ['run', deb, '--uplink', 'uplink0', '--address', 'nonsense'];
    expect(await host.prodng(wrong, { netns: uplink.host })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("the jail's network cannot be configured"),
    });
  });

  it('gives a jail an interface, an address and a route, and the router reaches its declared port only', async () => {
    const script = `${linkNames}; ip -o -4 addr show eth0; ip route; ${server(81, 'undeclared')} & ${server(80, 'declared')}`;
    const child = await serving(host.name, listening, script, ...at('192.0.2.10'));
    const ask = (port: string) => uplink.on(uplink.router, 'busybox', 'nc', '-w', '2', '192.0.2.10', port);
    // it says that it is up before it listens
    expect(await until(async () => (await ask('80')).stdout)).toBe('declared');
    expect((await ask('81')).stdout).toBe('');
    const ping = await uplink.on(uplink.router, 'busybox', 'ping', '-c', '1', '-W', '2', '192.0.2.10');
    expect(ping.exitCode).toBe(0);
    expect(said).toMatch(/ lo\n eth0/);
    expect(said).toMatch(/192\.0\.2\.10\/24/);
    expect(said).toMatch(/default via 192\.0\.2\.1/);
    await stop(child);
  });

  it('lets two jails talk to each other, and not their own host to either', async () => {
    const one = await serving(host.name, listening, server(80, 'from one'), ...at('192.0.2.11'));
    const deb = await host.jail({ fields: listening });
    const ask = ['--', '/bin/sh', '-c', 'sleep 1 | nc -w 2 192.0.2.11 80'];
    const two = ['run', deb, '--name', `${host.name}-two`, ...at('192.0.2.12'), ...ask];
    expect((await host.prodng(two, { netns: uplink.host })).stdout).toBe('from one\n');
    const own = await uplink.on(uplink.host, 'busybox', 'nc', '-w', '1', '192.0.2.11', '80');
    expect(own.stdout).toBe('');
    await stop(one);
  });

  it('connects only where it is declared', async () => {
    const router = spawnServer(uplink.router, 5432, 'database');
    const elsewhere = spawnServer(uplink.router, 5433, 'other');
    // it could send a ping, if the packet filter let it
    const fields =
      'Jail-Network: macvlan\nJail-Connect: 192.0.2.1:5432/tcp\nJail-User: root\nJail-Capabilities: NET_RAW';
    const deb = await host.jail({ fields });
    const script =
      'sleep 1 | nc -w 2 192.0.2.1 5432; nc -w 2 192.0.2.1 5433 </dev/null || echo refused; ping -c 1 -W 1 192.0.2.1 >/dev/null || echo no ping';
    const argv = ['run', deb, ...at('192.0.2.13'), '--', '/bin/sh', '-c', script];
    expect((await host.prodng(argv, { netns: uplink.host })).stdout).toBe('database\nrefused\nno ping\n');
    router.kill();
    elsewhere.kill();
  });

  it('connects to a name that it declares, without asking a resolver', async () => {
    const named = join(host.folder, 'hosts');
    writeFileSync(named, '192.0.2.1 db.example.org\n127.0.0.1 localhost\n');
    const database = spawnServer(uplink.router, 5432, 'database');
    const deb = await host.jail({
      fields: 'Jail-Network: macvlan\nJail-Connect: db.example.org:5432/tcp',
      files: { 'etc/hosts': '127.0.0.1 localhost' },
    });
    const script =
      'sleep 1 | nc -w 2 db.example.org 5432; cat /etc/hosts; test -s /etc/resolv.conf || echo no resolver';
    const argv = ['run', deb, ...at('192.0.2.15'), '--', '/bin/sh', '-c', script];
    // in a mount namespace of its own, this machine has other hosts
    const { stdout, stderr } = await host.prodng(argv, {
      netns: uplink.host,
      prefix: ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', named],
    });
    database.kill();
    expect({ stdout, stderr: stderr.replace(/^unpack .*\n/, '') }).toEqual({
      stdout: 'database\n127.0.0.1 localhost\n192.0.2.1\tdb.example.org\nno resolver\n',
      stderr: '',
    });
    expect(await host.prodng(argv, { netns: uplink.host })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('db.example.org has no address'),
    });
  });

  const route = 'cat /proc/net/if_inet6; grep -v " lo$" /proc/net/ipv6_route; ip -o -4 addr show eth0';
  const shown = async (fields: string, ...options: string[]) => {
    const deb = await host.jail({ fields: `Jail-Network: macvlan\n${fields}` });
    const argv = ['run', deb, '--uplink', 'uplink0', ...options, '--', '/bin/sh', '-c', `sleep 1; ${route}`];
    return host.prodng(argv, { netns: uplink.host });
  };

  it('takes no address and no route from a router that advertises them', async () => {
    // sent again and again, as a jail comes up meanwhile
    const router = spawn('nsenter', ['--net', `--target=${uplink.router}`, 'perl', '-e', advertise, 'port0']);
    try {
      const addresses = async () => (await uplink.on(uplink.host, 'ip', '-o', '-6', 'addr')).stdout;
      // a host that takes what is advertised: the advertisements do arrive
      await until(async () => (await addresses()).includes('2001:db8:bad:'));
      const four = await shown('', '--address', '192.0.2.16/24');
      expect(four.status).toBe(0);
      expect(four.stdout).toMatch(/^0{31}1 01 80 10 80 +lo\n.*192\.0\.2\.16\/24/);
      const six = await shown('', '--address', '2001:db8::16/64', '--gateway', '2001:db8::1');
      expect(six.status).toBe(0);
      expect(six.stdout).toContain('20010db8000000000000000000000016 ');
      expect(six.stdout).not.toContain('20010db80bad');
      // the declared one is the only default route
      const routes = six.stdout.split('\n').filter((line) => line.startsWith(`${'0'.repeat(32)} 00 `));
      expect(routes).toEqual([expect.stringContaining(' 20010db8000000000000000000000001 ')]);
    } finally {
      router.kill('SIGKILL');
    }
  });

  it('does not start with an address that another host has', async () => {
    const ip = (...argv: string[]) => uplink.on(uplink.router, 'ip', ...argv);
    await ip('address', 'add', '192.0.2.77/24', 'dev', 'port0');
    await ip('address', 'add', '2001:db8::77/64', 'dev', 'port0', 'nodad');
    const mac = (await ip('-o', 'link', 'show', 'port0')).stdout.match(/ether (\S+)/)?.[1] ?? 'none';
    const four = await shown('', '--address', '192.0.2.77/24');
    expect(four).toMatchObject({ status: 2, stdout: '' });
    expect(four.stderr).toContain(`192.0.2.77 is in use: ${mac} on that link has it`);
    const six = await shown('', '--address', '2001:db8::77/64');
    expect(six).toMatchObject({ status: 2, stdout: '' });
    expect(six.stderr).toContain('2001:db8::77 is in use');
  });

  it('tells its neighbours that it has an address which another one had', async () => {
    const neighbour = async () =>
      (await uplink.on(uplink.router, 'ip', 'neigh', 'show', '192.0.2.17')).stdout;
    const stale = ['lladdr', '02:00:00:00:00:99', 'dev', 'port0', 'nud', 'stale'];
    await uplink.on(uplink.router, 'ip', 'neigh', 'replace', '192.0.2.17', ...stale);
    expect(await neighbour()).toContain('02:00:00:00:00:99');
    const deb = await host.jail({ fields: listening });
    const argv = ['run', deb, ...at('192.0.2.17'), '--', '/bin/sh', '-c', 'ip -o link show eth0'];
    const { stdout } = await host.prodng(argv, { netns: uplink.host });
    const own = /ether (\S+)/.exec(stdout)?.[1] ?? 'none';
    expect(await neighbour()).toContain(own);
  });

  it('starts again and again with the same hardware address', async () => {
    const deb = await host.jail({ fields: listening });
    const look = [
      'run',
      deb,
      ...at('192.0.2.14'),
      '--',
      '/bin/sh',
      '-c',
      'ip -o link show eth0 | grep -o "ether [0-9a-f:]*"',
    ];
    const addresses = new Set<string>();
    for (let round = 0; round < 4; round++)
      addresses.add((await host.prodng(look, { netns: uplink.host })).stdout);
    expect(addresses.size).toBe(1);
    expect([...addresses][0]).toMatch(/^ether 02:/);
  });
});

/** Advertises a prefix and a default route to all hosts on an interface, RFC 4861 4.2. */
const advertise = `
use Socket qw(:all);
open(my $index, '<', "/proc/net/if_inet6");
my ($scope) = map { (split)[5] eq $ARGV[0] ? hex((split)[1]) : () } <$index>;
socket(my $socket, AF_INET6, SOCK_RAW, 58) or die;
setsockopt($socket, 41, 18, pack('i', 255)) or die;
my $prefix = pack('CCCCNNN', 3, 4, 64, 0xc0, 86400, 14400, 0) . inet_pton(AF_INET6, '2001:db8:bad::');
my $packet = pack('CCnCCnNN', 134, 0, 0, 64, 0, 1800, 0, 0) . $prefix;
while (1) {
  send($socket, $packet, 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, 'ff02::1'), $scope));
  select(undef, undef, undef, 0.2);
}
`;

function spawnServer(pid: number, port: number, text: string) {
  return spawn(
    'nsenter',
    ['--net', `--target=${pid}`, 'busybox', 'nc', '-l', '-p', String(port), '-e', '/bin/echo', text],
    { stdio: 'ignore' },
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
