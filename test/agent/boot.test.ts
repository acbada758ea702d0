import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { startDhcpServer } from '../support/dhcp-server.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink, type Uplink } from '../support/uplink.ts';

vi.setConfig({ testTimeout: 600_000 });

let host: AgentHost;
let uplink: Uplink;

beforeAll(async () => {
  host = await makeAgentHost();
  uplink = await makeUplink();
  const networks = { lan: { uplink: 'uplink0', address: 'dhcp' } };
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ networks, startsAtOnce: 1 }));
});

afterAll(async () => {
  for (const { name } of await list()) await host.api('DELETE', `/v1/jails/${name}?purge=true`);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  await uplink.remove();
  expect(left).toEqual([]);
}, 120_000);

async function list(): Promise<{ name: string; state: string }[]> {
  return JSON.parse((await host.api('GET', '/v1/jails')).body);
}

/** What has happened since this agent began: `KIND INSTANCE`. */
async function happened(): Promise<string[]> {
  const events: { kind: string; jail?: string }[] = JSON.parse((await host.api('GET', '/v1/events')).body);
  const words = events.map(({ kind, jail }) => `${kind} ${jail?.split('@')[1] ?? ''}`.trim());
  return words.slice(words.lastIndexOf('agent-started'));
}

/** Ends all that runs, and has it look as if that had been before the machine was booted. */
function reboot(): void {
  const folder = join(host.folder, 'run/agent/runs');
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    const run: { boot: string; record: { pid: number } } = JSON.parse(text);
    process.kill(run.record.pid, 'SIGKILL');
    writeFileSync(join(folder, file), text.replace(run.boot, '00000000-0000-4000-8000-000000000000'));
  }
}

it('answers at once and starts the rest in order, while a DHCP server does not answer some', async () => {
  const server = await startDhcpServer(uplink, host.folder);
  await host.startAgent({}, uplink.host);
  const sleeping = 'Jail-Command: /bin/sh -c "exec sleep 1000"';
  const leased = await host.jail({ fields: `${sleeping}\nJail-Network: macvlan` });
  const install = async (path: string, instance: string, order: number) => {
    const name = `${host.name}@${instance}`;
    expect((await host.api('POST', '/v1/jails', JSON.stringify({ path, name }))).status).toBe(201);
    await host.api('PATCH', `/v1/jails/${name}/overrides`, JSON.stringify({ order }));
  };
  for (const instance of ['leased1', 'leased2', 'leased3']) await install(leased, instance, 10);
  const plain = await host.jail({ fields: sleeping });
  await install(plain, 'plain', 10);
  await install(plain, 'late', 20);
  await host.endAgent('SIGKILL');
  await server.stop();
  reboot();
  await host.startAgent({}, uplink.host);
  // it answers before any of the starts that wait has ended, and one that waits for nobody has run by then
  expect((await happened()).filter((one) => one.startsWith('start-failed'))).toEqual([]);
  await until(async () => (await happened()).includes('started late'));
  const all = await happened();
  const at = (event: string) => all.indexOf(event);
  // the last that waits keeps it for three seconds; without that it would have to fail first
  expect(at('start-failed leased3')).toBeGreaterThan(at('started plain'));
  // the order is a barrier
  for (const instance of ['leased1', 'leased2', 'leased3']) {
    expect(at(`start-failed ${instance}`)).toBeGreaterThan(0);
    expect(at('started late')).toBeGreaterThan(at(`start-failed ${instance}`));
  }
  expect(at('started plain')).toBeGreaterThan(0);
  expect(
    (await list()).filter(({ name }) => name.includes('leased')).map(({ state }) => state),
  ).not.toContain('stopped');
});
