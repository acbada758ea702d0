import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';

vi.setConfig({ testTimeout: 600_000 });

let host: AgentHost;
let uplink: Uplink;

beforeAll(async () => {
  uplink = await makeUplink();
});

beforeEach(async () => {
  host = await makeAgentHost();
});

afterEach(async () => {
  for (const { name } of (await list().catch(() => [])) satisfies { name: string }[])
    await host.api('DELETE', `/v1/jails/${name}?purge=true`);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
}, 120_000);

afterAll(() => uplink.remove());

const lan = {
  uplink: 'uplink0',
  subnet: '192.0.2.0/24',
  range: ['192.0.2.1', '192.0.2.5'],
  gateway: '192.0.2.1',
  dns: ['192.0.2.53'],
};

const configure = (config: unknown) => writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify(config));
const start = () => host.startAgent({}, uplink.host);

async function list(): Promise<{ name: string; state: string; address?: string }[]> {
  return JSON.parse((await host.api('GET', '/v1/jails')).body);
}

const addressOf = async (name: string) => (await list()).find((jail) => jail.name === name)?.address;

function box(version = '1.0', connect = ''): Promise<string> {
  return host.jail({
    control: (text) => text.replace('Version: 1.0-1', `Version: ${version}-1`),
    fields: `Jail-Command: /bin/sh -c "ip -4 addr show eth0; ip route; cat /etc/resolv.conf; exec sleep 1000"\nJail-Network: macvlan${connect}`,
    files: { 'etc/resolv.conf': '' },
  });
}

const nth = (number: number) => `${host.name}@${number}`;

async function install(number: number, ...options: string[]): Promise<void> {
  await host.ok('install', '--name', nth(number), ...options, await box());
}

it('gives each jail the next free address, and the same one for as long as it is installed', async () => {
  await configure({ networks: { lan } });
  await start();
  await host.ok('install', '--name', nth(1), await box('1.0', '\nJail-Connect: dns'));
  await install(2);
  // neither the gateway's nor the host's
  expect([await addressOf(nth(1)), await addressOf(nth(2))]).toEqual(['192.0.2.3/24', '192.0.2.4/24']);
  const said = await until(async () => {
    const text = await host.ok('logs', nth(1));
    return text.includes('nameserver') && text;
  });
  expect(said).toContain('inet 192.0.2.3/24');
  expect(said).toContain('default via 192.0.2.1 dev eth0');
  expect(said).toContain('nameserver 192.0.2.53');

  await host.ok('restart', nth(1));
  await host.ok('upgrade', '--wait', '30', '--accept', nth(1), await box('2.0', '\nJail-Connect: dns'));
  await host.endAgent('SIGKILL');
  await start();
  expect(await addressOf(nth(1))).toBe('192.0.2.3/24');
  await host.ok('stop', nth(1));
  expect(await addressOf(nth(1))).toBe('192.0.2.3/24');
  expect(await host.ok('ls')).toMatch(/ADDRESS(?:.|\n)* 192\.0\.2\.3 /);

  // the last one is given once, and again when it has been given back
  await install(3);
  expect(await addressOf(nth(3))).toBe('192.0.2.5/24');
  const deb = await box();
  expect(await host.prodng(['install', '--name', nth(4), deb])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('the network lan has no free address left'),
  });
  await host.ok('rm', nth(1));
  await host.ok('start', nth(4));
  expect(await addressOf(nth(4))).toBe('192.0.2.3/24');
});

it('never gives one that was set by hand, and lets nobody set one that another has', async () => {
  await configure({ networks: { lan } });
  await start();
  await install(1, '--no-start');
  await install(2, '--no-start');
  await host.ok('set', nth(1), 'address=192.0.2.3/24');
  await host.ok('start', nth(2));
  expect(await addressOf(nth(2))).toBe('192.0.2.4/24');
  const refused = { status: 2, stderr: expect.stringContaining(`belongs to ${nth(2)}`) };
  expect(await host.prodng(['set', nth(1), 'address=192.0.2.4/24'])).toMatchObject(refused);
  expect(await host.prodng(['set', nth(1), 'address=192.0.2.2/24'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('belongs to the host'),
  });
  // by an editor, which asks nobody
  const overrides = join(host.folder, `etc/jails.d/${nth(1)}.json`);
  await writeFile(overrides, JSON.stringify({ address: '192.0.2.4/24' }));
  expect(await host.prodng(['start', nth(1)])).toMatchObject(refused);
  // set back, it has the network's again
  await host.ok('set', nth(1), 'address=');
  await host.ok('start', nth(1));
  expect(await addressOf(nth(1))).toBe('192.0.2.3/24');
});

it('lets the operator choose among several networks', async () => {
  const other = { uplink: 'uplink0', subnet: '198.51.100.0/24' };
  await configure({ networks: { lan, other } });
  await start();
  await install(1, '--no-start');
  expect(await host.prodng(['start', nth(1)])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('network=NAME'),
  });
  expect(await host.prodng(['set', nth(1), 'network=absent'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('names no network absent'),
  });
  await host.ok('set', nth(1), 'network=other');
  await host.ok('start', nth(1));
  expect(await addressOf(nth(1))).toBe('198.51.100.1/24');
  await host.ok('set', nth(1), 'network=lan');
  await host.ok('restart', nth(1));
  expect(await addressOf(nth(1))).toBe('192.0.2.3/24');
});

it('gives no address twice, whenever it is killed', async () => {
  await configure({ networks: { lan: { ...lan, range: ['192.0.2.3', '192.0.2.60'] } } });
  await start();
  const count = 4;
  for (let number = 1; number <= count; number++) await install(number, '--no-start');
  for (let round = 0; round < 4; round++) {
    const started = Array.from({ length: count }, (_, index) =>
      host.api('POST', `/v1/jails/${nth(index + 1)}/start`).catch(() => undefined),
    );
    await sleep(Math.random() * 400 * (round + 1));
    await host.endAgent('SIGKILL');
    await Promise.all(started);
    await start();
    await until(async () => (await list()).every(({ state }) => state === 'running' || state === 'stopped'));
    const given = stateFiles().flatMap(({ address }) => address?.address ?? []);
    expect(new Set(given).size).toBe(given.length);
    for (let number = 1; number <= count; number++) await host.ok('stop', nth(number));
  }
  for (let number = 1; number <= count; number++) await host.ok('start', nth(number));
  const addresses = new Set((await list()).map(({ address }) => address));
  expect(addresses).toEqual(new Set(['192.0.2.3/24', '192.0.2.4/24', '192.0.2.5/24', '192.0.2.6/24']));
}, 600_000);

function stateFiles(): { address?: { address: string } }[] {
  const folder = join(host.folder, 'state/jails');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}
