import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { type DhcpServer, startDhcpServer } from '../support/dhcp-server.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';

vi.setConfig({ testTimeout: 600_000 });

let host: AgentHost;
let uplink: Uplink;
let server: DhcpServer;

beforeAll(async () => {
  uplink = await makeUplink();
});

beforeEach(async () => {
  host = await makeAgentHost();
  server = await startDhcpServer(uplink, host.folder);
  const networks = { lan: { uplink: 'uplink0', address: 'dhcp' } };
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ networks }));
  await host.startAgent({}, uplink.host);
});

afterEach(async () => {
  await host.api('DELETE', `/v1/jails/${host.name}?purge=true`);
  await host.endAgent('SIGTERM');
  await server.stop();
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
}, 120_000);

afterAll(() => uplink.remove());

interface Detail {
  address?: string;
  pid?: number;
  network?: { gateway?: string; lease?: { state: string; server?: string; obtained?: string } };
  run?: { bundle: string };
}

async function inspect(): Promise<Detail> {
  return JSON.parse((await host.api('GET', `/v1/jails/${host.name}`)).body);
}

/** Answers on port 80, and holds no other. */
const httpd = 'mkdir /tmp/w; echo page > /tmp/w/index.html; exec busybox httpd -f -p 80 -h /tmp/w';

function box(script = httpd): Promise<string> {
  return host.jail({
    fields: `Jail-Command: /bin/sh -c "${script}"\nJail-Network: macvlan\nJail-Listen: 80/tcp\nJail-Filesystem: tmp /tmp`,
  });
}

async function page(address: string | undefined): Promise<string> {
  const url = `http://${address?.split('/')[0] ?? ''}/`;
  return (await uplink.on(uplink.router, 'wget', '-t', '1', '-q', '-T', '3', '-O', '-', url)).stdout.trim();
}

function clients(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      // conmon names its files too
      return line.includes('\0udhcpc\0') && line.includes(host.folder);
    } catch {
      return false;
    }
  });
}

it('has a lease for as long as the jail runs, and no longer, with an agent and without', async () => {
  await host.ok('install', await box());
  const first = await inspect();
  expect(first.address).toMatch(/^192\.0\.2\.1[012]\d\/24$/);
  expect(first.network).toMatchObject({
    gateway: '192.0.2.1',
    lease: { state: 'bound', server: '192.0.2.1' },
  });
  expect(await host.ok('ls')).toContain(first.address?.split('/')[0]);
  expect(await until(() => page(first.address))).toBe('page');

  // renewed while no agent lives: after half of the minute that it holds
  await host.endAgent('SIGKILL');
  const lease = join(first.run?.bundle ?? '', 'lease.json');
  const before = first.network?.lease?.obtained;
  await until(() => JSON.parse(readFileSync(lease, 'utf8')).obtained !== before);
  expect(await page(first.address)).toBe('page');
  await host.startAgent({}, uplink.host);
  const after = await inspect();
  expect(after).toMatchObject({ address: first.address, pid: first.pid });
  await until(() => clients().length === 1);

  // a client that is killed is started anew
  const [client = ''] = clients();
  process.kill(Number(client), 'SIGKILL');
  await until(() => clients().length === 1 && clients()[0] !== client);
  await until(async () => (await inspect()).network?.lease?.obtained !== after.network?.lease?.obtained);
  expect(await page(first.address)).toBe('page');
  expect(await host.ok('events')).toContain('dhcp-client-restarted');

  // one that cannot be started is told, and tried again; the agent lives
  const agent = host.agent().pid;
  const begins = join(first.run?.bundle ?? '', 'udhcpc.begins');
  rmSync(begins, { force: true });
  mkdirSync(begins);
  process.kill(Number(clients()[0]), 'SIGKILL');
  await until(async () => /fault .*EISDIR/.test(await host.ok('events')));
  rmdirSync(begins);
  await until(() => clients().length === 1);
  expect(host.agent()).toMatchObject({ pid: agent, exitCode: null });

  // it dies with its jail, by conmon where no agent is there
  await host.endAgent('SIGKILL');
  process.kill(first.pid ?? 0, 'SIGKILL');
  await until(() => clients().length === 0);
  await host.startAgent({}, uplink.host);
  await until(async () => (await host.summary())?.state === 'running');
  await host.ok('stop', host.name);
  expect(clients()).toEqual([]);
  expect(existsSync(lease)).toBe(false);
}, 600_000);

it('starts the client anew that ended because a service took the port of DHCP', async () => {
  await host.ok('install', await box());
  const [client = ''] = clients();
  const { address, pid } = await inspect();
  const taking = "require('dgram').createSocket('udp4').bind(68, () => console.log('bound'))";
  const taker = spawn('nsenter', ['--net', `--target=${pid}`, process.execPath, '-e', taking]);
  await once(taker.stdout, 'data');
  // which makes udhcpc renew at once
  process.kill(Number(client), 'SIGUSR1');
  await until(() => clients().length === 1 && clients()[0] !== client);
  const exit = once(taker, 'exit');
  taker.kill();
  await exit;
  expect((await inspect()).address).toBe(address);
  expect(await until(() => page(address))).toBe('page');
});

it('says that no server answers, and gives a lease once one does', async () => {
  await server.stop();
  const { status, stderr } = await host.prodng(['install', await box()]);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringContaining('no address by DHCP: no server answers'),
  });
  expect(clients()).toEqual([]);
  server = await startDhcpServer(uplink, host.folder);
  await host.ok('start', host.name);
  expect((await inspect()).address).toMatch(/^192\.0\.2\.1/);
});

it('leaves a static address to who sets one, and takes no gateway beside DHCP', async () => {
  await host.ok('install', '--no-start', await box());
  expect(await host.prodng(['set', host.name, 'address=dhcp', 'gateway=192.0.2.1'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('by DHCP the server names the gateway'),
  });
  await host.ok('set', host.name, 'address=192.0.2.77/24');
  await host.ok('start', host.name);
  expect((await inspect()).address).toBe('192.0.2.77/24');
  expect(clients()).toEqual([]);
});

it('leaves nothing behind when the agent is killed while it asks for a lease', async () => {
  for (const after of [300, 900, 1500]) {
    await host.api('DELETE', `/v1/jails/${host.name}?purge=true`);
    const installing = host.prodng(['install', await box()]);
    await until(() => clients().length > 0 || existsSync(join(host.folder, `state/jails/${host.name}.json`)));
    await new Promise((resolve) => setTimeout(resolve, after));
    await host.endAgent('SIGKILL');
    await installing;
    await host.startAgent({}, uplink.host);
    await until(async () =>
      ['running', 'stopped', undefined].includes((await host.summary())?.state as string),
    );
    const runs = (await host.summary())?.state === 'running';
    // for an instant, what it executes has its own command line
    await until(() => clients().length === (runs ? 1 : 0));
  }
}, 600_000);
