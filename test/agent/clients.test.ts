import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { processFigures } from '../load/process-figures.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  // what a jail prints must reach the readers at full speed here
  const config = { logRate: { seconds: 1, lines: 1_000_000, bytes: 1_000_000_000 } };
  writeFileSync(join(host.env.PRODNG_CONFIG_DIR ?? '', 'agent.json'), JSON.stringify(config));
  await host.startAgent();
});

afterAll(async () => {
  for (const name of (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean))
    await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const socketPath = () => join(host.folder, 'run/agent.sock');
const agentFigures = () => processFigures(host.agent().pid ?? 0);

it('answers a thousand clients at once, and has neither their connections nor much memory afterwards', async () => {
  const before = agentFigures();
  const clients = new Agent({ keepAlive: true, maxSockets: 1000 });
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const asked = request({ socketPath: socketPath(), path: '/v1/jails', agent: clients }, (response) => {
        text(response).then(() => resolve(response.statusCode ?? 0), reject);
      });
      asked.once('error', reject);
      asked.end();
    });
  const answers = await Promise.all(Array.from({ length: 3000 }, ask));
  expect(answers.filter((status) => status !== 200)).toEqual([]);
  clients.destroy();
  await until(() => agentFigures().files <= before.files + 2);
  expect(agentFigures().resident).toBeLessThan(before.resident + 150e6);
});

/** A client that asks, and does not read. */
async function slowReader(path: string): Promise<Socket> {
  const socket = connect(socketPath());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: agent\r\n\r\n`);
  return socket;
}

it('keeps little for readers that do not read', async () => {
  const script = 'line=$(head -c 4000 /dev/zero | tr \\"\\\\\\\\0\\" x); while :; do echo $line; done';
  const fields = `Jail-Command: /bin/busybox sh -c "${script.replaceAll('tr ', 'busybox tr ')}"\nJail-Cpu: 50%`;
  await host.ok('install', await host.jail({ fields }));
  const before = agentFigures();
  const logs = `/v1/jails/${host.name}/logs?follow=true&tail=100000`;
  const readers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => slowReader(index % 2 === 0 ? logs : '/v1/events?follow=true')),
  );
  const log = join(host.folder, `state/logs/${host.name}.log`);
  const sizes = new Set<string>();
  // it has grown, over and over: 20 readers of some MB each would be seen
  await until(() => {
    // between two segments there is none for a moment
    sizes.add(String(statSync(log, { throwIfNoEntry: false })?.size));
    return sizes.size > 100;
  });
  expect(agentFigures().resident).toBeLessThan(before.resident + 150e6);
  expect((await host.api('GET', '/v1/jails')).status).toBe(200);
  for (const reader of readers) reader.destroy();
  await until(() => agentFigures().files <= before.files + 4);
});

it('refuses to wait for a FIFO, and goes on', async () => {
  const fifo = join(host.folder, 'fifo.deb');
  execFileSync('mkfifo', [fifo]);
  const answers = await Promise.all(
    [fifo, fifo, fifo, fifo, fifo, '/dev/zero', host.folder].map((path) =>
      host.api('POST', '/v1/jails', JSON.stringify({ path })),
    ),
  );
  for (const { status } of answers) expect(status).toBe(422);
});
