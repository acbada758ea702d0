import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { hungListener } from '../support/hung-listener.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;
const hung: ChildProcess[] = [];

beforeEach(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  for (const child of hung.splice(0)) child.kill('SIGKILL');
  for (const { name } of await list()) await host.api('DELETE', `/v1/jails/${name}?purge=true`);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

async function list(): Promise<{ name: string; pid: number; health: string; fault?: string }[]> {
  return JSON.parse((await host.api('GET', '/v1/jails')).body);
}

it('calls services that never accept unhealthy, after the timeout that they declare', async () => {
  const health = ['tcp://:8080', 'http://:8080/'];
  for (const [index, check] of health.entries()) {
    const path = await host.jail({
      fields:
        `Jail-Command: /bin/sh -c "exec sleep 1000"\nJail-Network: loopback\nJail-Listen: 8080/tcp\n` +
        `Jail-Restart: no\nJail-Health: ${check} interval=1s timeout=700ms`,
    });
    const name = `${host.name}@${index}`;
    expect((await host.api('POST', '/v1/jails', JSON.stringify({ path, name }))).status).toBe(201);
  }
  for (const { pid } of await list()) hung.push(await hungListener(pid, 8080));
  await until(async () => (await list()).every((jail) => jail.health === 'unhealthy'));
  await until(async () => (await list()).every(({ fault }) => fault === 'no answer within 700 ms'));
  const { body } = await host.api('GET', '/metrics');
  expect(body).toMatch(/^# TYPE prodng_agent_event_loop_delay_seconds histogram$/m);
  expect(body).toMatch(/^prodng_agent_event_loop_delay_seconds_bucket\{le="0\.02"\} \d+$/m);
  expect(body).toMatch(/^prodng_agent_event_loop_delay_seconds_count [1-9]\d*$/m);
});
