import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';

let host: AgentHost;
let uplink: Uplink;
let db: string;
let web: string;

beforeAll(async () => {
  host = await makeAgentHost();
  uplink = await makeUplink();
  db = `${host.name}db`;
  web = `${host.name}web`;
  await host.startAgent({}, uplink.host);
});

afterAll(async () => {
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  await uplink.remove();
  expect(left).toEqual([]);
});

/** A service that answers with what lies in its volume. */
function database(): Promise<string> {
  const script = 'echo row > /var/lib/box/row; exec httpd -f -p 5432 -h /var/lib/box';
  return host.jail({
    name: db,
    fields:
      `Jail-Command: /bin/sh -c "${script}"\nJail-Network: macvlan\nJail-Listen: 5432/tcp\n` +
      'Jail-Filesystem: rw /var/lib/box size=4M\nJail-Health: http://:5432/row interval=1s timeout=1s',
  });
}

/** One that asks the database, and somebody whom it has not declared. */
function website(version: string, health = 'http://:8080/page'): Promise<string> {
  const ask = (port: number, word: string) =>
    `echo GET /row | nc -w 2 192.0.2.20 ${port} | grep -q HTTP && echo ${word} has it || echo ${word} refused`;
  const script =
    `echo ${version} > /tmp/page; httpd -p 8080 -h /tmp; ` +
    `while :; do ${ask(5432, 'db')}; ${ask(5433, 'other')}; sleep 1; done`;
  return host.jail({
    name: web,
    control: (text) => text.replace('Version: 1.0-1', `Version: ${version}`),
    fields:
      `Jail-Command: /bin/sh -c "${script}"\nJail-Network: macvlan\nJail-Listen: 8080/tcp\n` +
      `Jail-Connect: 192.0.2.20:5432/tcp\nJail-Filesystem: tmp /tmp size=1M\nJail-Health: ${health} interval=1s timeout=1s`,
  });
}

const logs = (name: string) => host.ok('logs', '-n', '100000', name);

/** What the router is answered; empty when nobody answers. */
async function page(): Promise<string> {
  // not fetch: to load it takes longer than to wait, where all is emulated
  const ask =
    "require('node:http').get({ host: '192.0.2.10', port: 8080, path: '/page', timeout: 5000 }, " +
    '(answer) => answer.pipe(process.stdout))' +
    ".on('timeout', function () { this.destroy(); }).on('error', () => {})";
  const { stdout } = await uplink.on(uplink.router, process.execPath, '-e', ask);
  return stdout.trim();
}

it('plays a day of an operator', async () => {
  await host.ok('install', '--no-start', await database());
  await host.ok('install', '--no-start', await website('1.0-1'));
  const refused = await host.prodng(['start', web]);
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(`prodng set ${web} uplink=`) });
  await host.ok('set', db, 'uplink=uplink0', 'address=192.0.2.20/24', 'order=1');
  await host.ok('set', web, 'uplink=uplink0', 'address=192.0.2.10/24', 'gateway=192.0.2.1', 'order=2');
  await host.ok('start', db, web);
  for (const name of [db, web]) await until(async () => (await host.summary(name))?.health === 'healthy');

  // they talk with each other, and are refused where they have not declared it
  await until(async () => (await logs(web)).includes('db has it'));
  await until(async () => (await logs(web)).includes('other refused'));
  expect(await logs(web)).not.toContain('other has it');
  await until(async () => (await page()) === '1.0-1');

  // upgrade, an upgrade that fails, rollback
  await host.ok('upgrade', web, await website('2.0-1'));
  await until(async () => (await page()) === '2.0-1');
  const failed = await host.prodng([
    'upgrade',
    '--wait',
    '5',
    web,
    await website('3.0-1', 'http://:8080/nothing'),
  ]);
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('HTTP status 404') });
  await until(async () => (await page()) === '2.0-1');
  await host.ok('rollback', web);
  await until(async () => (await page()) === '1.0-1');

  // frozen under load, it answers nobody; thawed, it goes on
  await host.ok('freeze', web);
  expect(await page()).toBe('');
  await host.ok('thaw', web);
  await until(async () => (await page()) === '1.0-1');

  // the host "reboots": agent and jails are gone, and so is what was in /run
  await host.endAgent('SIGKILL');
  for (const pid of firstProcesses()) process.kill(pid, 'SIGKILL');
  await host.startAgent({}, uplink.host);
  for (const name of [db, web]) await until(async () => (await host.summary(name))?.health === 'healthy');
  await until(async () => (await page()) === '1.0-1');

  expect(await host.ok('events', '--verify')).toMatch(/^\d+ records, chain intact/);
  const events = await readFile(join(host.folder, 'state/events.jsonl'), 'utf8');
  for (const kind of [
    'installed',
    'set',
    'started',
    'healthy',
    'upgraded',
    'upgrade-failed',
    'rolled-back',
    'frozen',
  ])
    expect(events).toContain(`"kind":"${kind}"`);
  await host.ok('rm', '--purge', db, web);
  expect(readdirSync(join(host.folder, 'state/volumes'))).toEqual([]);
}, 1_800_000);

function firstProcesses(): number[] {
  const folder = join(host.folder, 'run/agent/runs');
  return readdirSync(folder).map((file) => {
    const { record }: { record: { pid: number } } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return record.pid;
  });
}
