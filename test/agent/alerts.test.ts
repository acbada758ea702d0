import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import { Alerts } from '../../src/agent/alerts/alerts.ts';
import { EventLog } from '../../src/agent/events/event-log.ts';
import { makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

const host = await makeAgentHost();
afterAll(() => host.remove());

it('alerts reach the webhook in order, with their HMAC, also those of an agent that was killed', {
  timeout: 120_000,
}, async () => {
  const taken: { kind: string; seq: number; host: string }[] = [];
  const forged: string[] = [];
  let refused = 0;
  let isTaking = false;
  const web = createServer(async (request, response) => {
    const body = await text(request);
    const signature = `sha256=${createHmac('sha256', 'shared').update(body).digest('hex')}`;
    if (request.headers['x-prodng-signature'] !== signature) forged.push(body);
    if (isTaking) taken.push(JSON.parse(body));
    else refused += 1;
    response.writeHead(isTaking ? 204 : 503).end();
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  try {
    const secretFile = join(host.folder, 'secret');
    writeFileSync(secretFile, 'shared');
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/alerts`;
    const alerts = { webhook: { url, secretFile }, events: ['agent-started', 'agent-settled'] };
    writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ alerts }));
    // what was recorded before alerts were configured is not sent: this agent has none
    await host.startAgent();
    await until(async () => (await host.ok('events')).includes('agent-settled'));
    await until(async () => (await host.ok('events')).includes('alert-failed'));
    expect(refused).toBeGreaterThan(0);
    await host.endAgent('SIGKILL');
    isTaking = true;
    await host.startAgent();
    await until(async () => (await host.ok('events')).match(/agent-settled/g)?.length === 2);
    await until(() => taken.length >= 4);
    expect(taken.map(({ kind }) => kind)).toEqual([
      'agent-started',
      'agent-settled',
      'agent-started',
      'agent-settled',
    ]);
    const recorded = JSON.parse((await host.api('GET', '/v1/events?tail=100')).body) as typeof taken;
    for (const alert of taken) {
      const { host: of, ...event } = alert;
      expect(of).not.toBe('');
      expect(recorded).toContainEqual(event);
    }
    expect(forged).toEqual([]);
    // a third agent sends nothing again
    await host.endAgent('SIGTERM');
    await host.startAgent();
    await until(() => taken.length >= 6);
    expect(taken.slice(4).map(({ kind }) => kind)).toEqual(['agent-started', 'agent-settled']);
    expect(new Set(taken.map(({ seq }) => seq)).size).toBe(6);
  } finally {
    web.close();
    await host.endAgent('SIGTERM');
  }
});

it('an alert on an event that does not exist is refused', async () => {
  const alerts = { webhook: { url: 'http://127.0.0.1:9/' }, events: ['alert-failed'] };
  writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ alerts }));
  await expect(host.startAgent()).rejects.toThrow();
});

it('begins where the position cannot be kept, tells it, and sends', async () => {
  const taken: { kind: string }[] = [];
  const web = createServer(async (request, response) => {
    taken.push(JSON.parse(await text(request)));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'prodng-alerts-'));
  const events = new EventLog(join(folder, 'events.jsonl'));
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const alerts = new Alerts(
    { webhook: { url }, events: ['started'] },
    events,
    join(folder, 'none/alerts.json'),
  );
  try {
    await events.open();
    await alerts.open();
    await events.append('started', 'web');
    await until(() => taken.length > 0);
    expect(taken[0]).toMatchObject({ kind: 'started' });
    expect((await events.tail(10)).map(({ kind }) => kind)).toContain('alert-failed');
  } finally {
    alerts.close();
    await events.close();
    web.close();
    rmSync(folder, { recursive: true });
  }
});
