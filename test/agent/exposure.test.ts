import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Exposure } from '../../src/control/exposure.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

interface Detail {
  exposure?: Exposure;
  run: { cgroup: string };
}

let host: AgentHost;
let deb: string;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const fields = [
    'Jail-Command: /bin/sleep 5000',
    'Jail-Capabilities: NET_RAW, CHOWN',
    'Jail-Filesystem: rw /var/lib/box size=1M',
    'Jail-Memory: 64M',
    'Jail-Network: loopback',
    'Jail-Listen: 8080/tcp',
    'Jail-Pids: 20',
  ];
  deb = await host.jail({ fields: fields.join('\n') });
  await host.ok('install', deb);
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const inspect = async () => (await host.json('inspect', host.name)) as Detail;
const why = ({ exposure }: Detail, what: string) => exposure?.rows.find((row) => row.what === what);

it('gives a running jail the score and the table that lint gives its .deb', async () => {
  const { results } = (await host.json('lint', '--json', '--fail-on', 'never', deb)) as {
    results: { score: Exposure }[];
  };
  const { exposure } = await inspect();
  expect(exposure).toEqual(results[0]?.score);
  expect(exposure?.value).toBeGreaterThan(1);
});

it('scores what is in force, not what an operator has set for the next start', async () => {
  const limits = async () => {
    const detail = await inspect();
    return ['memory', 'cpu', 'processes'].map((what) => why(detail, what)?.why).join(', ');
  };
  await host.ok('set', host.name, 'memory=32M', 'pids=10');
  expect(await limits()).toBe('64 MiB, 50%, 20');
  await host.ok('restart', host.name);
  expect(await limits()).toBe('32 MiB, 50%, 10');
  await host.endAgent('SIGTERM');
  await host.startAgent();
  expect(await limits()).toBe('32 MiB, 50%, 10');
});

it('notices a limit that somebody has lifted behind its back', async () => {
  const before = await inspect();
  const { cgroup } = before.run;
  const file = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']
    .map((top) => `${top}${cgroup}/pids.max`)
    .find((path) => existsSync(path));
  writeFileSync(file ?? '', '5000');
  const after = await inspect();
  expect(why(after, 'processes')).toMatchObject({ points: 0.1, why: '5000' });
  expect(after.exposure?.value).toBeCloseTo((before.exposure?.value ?? 0) + 0.1);
});

it('gives a jail that does not run none', async () => {
  await host.ok('stop', host.name);
  expect(await inspect()).not.toHaveProperty('exposure');
  await host.ok('start', host.name);
  expect(await inspect()).toHaveProperty('exposure');
});
