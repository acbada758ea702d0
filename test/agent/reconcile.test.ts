import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  for (const { name } of await jails()) await host.api('DELETE', `/v1/jails/${name}?purge=true`);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

interface Summary {
  name: string;
  version: string;
  state: string;
  desired: string;
  pid?: number;
  fault?: string;
}

async function jails(): Promise<Summary[]> {
  return JSON.parse((await host.api('GET', '/v1/jails')).body);
}

async function jail(): Promise<Summary> {
  const found = (await jails()).find(({ name }) => name === host.name);
  if (found === undefined) throw new Error('it is not there');
  return found;
}

async function kinds(): Promise<string[]> {
  const events: { kind: string; jail?: string }[] = JSON.parse((await host.api('GET', '/v1/events')).body);
  return events.filter((event) => event.jail === host.name).map(({ kind }) => kind);
}

function post(path: string, body?: unknown): Promise<{ status: number; body: string }> {
  return host.api('POST', `/v1/jails${path}`, body === undefined ? undefined : JSON.stringify(body));
}

const verb = (name: string) => post(`/${host.name}/${name}`);
const upgrade = (path: string, patience = 5000) =>
  post(`/${host.name}/upgrade`, { path, patience, accept: true });

function version(number: string, fields = volume, command = '/bin/sh -c "exec sleep 1000"'): Promise<string> {
  return host.jail({
    fields: `Jail-Command: ${command}\n${fields}`,
    control: (text) => text.replace('Version: 1.0-1', `Version: ${number}-1`),
  });
}

async function install(path: string): Promise<void> {
  const answer = await post('', { path });
  if (answer.status !== 201) throw new Error(answer.body);
}

const volume = 'Jail-Filesystem: rw /var/lib/box';

/** A file in the place of the folder of its volumes: no start can succeed, and none can know before. */
async function whileVolumesAreBroken(work: () => Promise<void>): Promise<void> {
  const folder = join(host.folder, 'state/volumes', host.name);
  await rename(folder, `${folder}.away`);
  await writeFile(folder, '');
  await work();
  await rm(folder);
  await rename(`${folder}.away`, folder);
}

it('goes on trying a jail of which neither the new version starts nor the old one again', async () => {
  await install(await version('1.0'));
  await whileVolumesAreBroken(async () => {
    const failed = await upgrade(await version('1.1'));
    expect(failed.status).toBeGreaterThanOrEqual(400);
    expect(failed.body).toContain('and the version before does not start again');
    expect(await jail()).toMatchObject({ version: '1.0-1', desired: 'running', state: 'waiting' });
    expect(await kinds()).toEqual(['installed', 'started', 'start-failed', 'upgrade-failed']);
  });
  await until(async () => (await jail()).state === 'running');
});

it('goes on trying a jail that was waiting for its next start when an operator starts it in vain', async () => {
  await install(await version('1.0'));
  await whileVolumesAreBroken(async () => {
    process.kill((await jail()).pid ?? 0, 'SIGKILL');
    await until(async () => (await kinds()).includes('start-failed'));
    expect((await verb('start')).status).toBeGreaterThanOrEqual(400);
    expect(await jail()).toMatchObject({ desired: 'running' });
    expect(['waiting', 'starting']).toContain((await jail()).state);
  });
  await until(async () => (await jail()).state === 'running');
});

it('leaves a stopped jail stopped that an operator starts in vain', async () => {
  await install(await version('1.0'));
  await verb('stop');
  await whileVolumesAreBroken(async () => {
    expect((await verb('start')).status).toBeGreaterThanOrEqual(400);
    expect(await jail()).toMatchObject({ state: 'stopped', desired: 'stopped' });
  });
});

it('has a version prove healthy that comes while the old one waits for its next start', async () => {
  await install(await version('1.0', 'Jail-Restart: always backoff=300s', '/bin/sh -c "exit 3"'));
  await until(async () => (await jail()).state === 'waiting');
  // it would have been called upgraded, and have failed for ever
  const bad = await upgrade(await version('1.1', '', '/bin/not-there'));
  expect(bad.status).toBeGreaterThanOrEqual(400);
  expect(await jail()).toMatchObject({ version: '1.0-1', desired: 'running' });
  // and the fix would have waited for five minutes
  await until(async () => (await jail()).state === 'waiting');
  expect((await upgrade(await version('1.2', ''))).status).toBe(200);
  expect(await jail()).toMatchObject({ version: '1.2-1', state: 'running' });
});

it('lets nothing wait for an upgrade of another jail', async () => {
  const never = 'Jail-Health: /bin/false interval=1s timeout=1s';
  await install(await version('1.0'));
  let isOver = false;
  const bad = await version('1.1', `${volume}\n${never}`);
  const [first, second] = [1, 2].map(async () => {
    const answer = await upgrade(bad, 15_000);
    isOver = true;
    return answer;
  });
  await until(async () => (await jail()).state === 'starting');
  const other = await host.jail({
    name: `${host.name}other`,
    fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"',
  });
  expect((await post('', { path: other })).status).toBe(201);
  expect(isOver).toBe(false);
  for (const answer of [await first, await second]) expect(answer?.status).toBe(422);
  expect(await jail()).toMatchObject({ version: '1.0-1', state: 'running' });
});

it('stops no jail for a restart or an upgrade that cannot succeed', async () => {
  await install(await version('1.0'));
  const { pid } = await jail();
  const override = join(host.folder, 'etc/jails.d', `${host.name}.json`);
  await mkdir(join(override, '..'), { recursive: true });
  const next = await version('1.1');
  const unresolved = await version(
    '1.2',
    `${volume}\nJail-Network: macvlan\nJail-Connect: no.such.name.invalid:80/tcp`,
  );
  const refused = async (answer: { status: number }) => {
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await jail()).toMatchObject({ version: '1.0-1', state: 'running', pid });
  };
  for (const text of ['damaged', '{"memory": 1048576}']) {
    await writeFile(override, text);
    await refused(await verb('restart'));
    await refused(await upgrade(next));
  }
  await writeFile(override, '{"uplink": "nosuchlink0", "address": "192.0.2.9/24"}');
  await refused(await upgrade(unresolved));
  await writeFile(override, '{"uplink": "lo", "address": "192.0.2.9/24"}');
  await refused(await upgrade(unresolved));
  await rm(override);
  // and by `set` it cannot come to that
  const set = await host.api('PATCH', `/v1/jails/${host.name}/overrides`, '{"memory": 1048576}');
  expect(set).toMatchObject({ status: 400, body: expect.stringContaining('memory') });
  expect(existsSync(override)).toBe(false);
  expect(await readFile(join(host.folder, 'state/jails', `${host.name}.json`), 'utf8')).not.toContain(
    'switching',
  );
});

it('remembers over its own end how often a jail has failed in a row', async () => {
  await install(await version('1.0', 'Jail-Restart: always backoff=50ms', '/bin/sh -c "exit 3"'));
  await until(async () => (await jail()).state === 'crash-loop');
  await host.endAgent('SIGTERM');
  await host.startAgent();
  const { state } = await until(async () => {
    const now = await jail();
    return ['waiting', 'crash-loop'].includes(now.state) && (await kinds()).at(-1) === 'exited'
      ? now
      : undefined;
  });
  expect(state).toBe('crash-loop');
  expect((await kinds()).filter((kind) => kind === 'crash-loop')).toHaveLength(1);
});

it('tells why a service ended: its limit of memory, a signal, an operator, its health checks, or itself', async () => {
  // it keeps as much as it is to print at the end
  const eats = '/bin/sh -c "exec tail -c 67108864 /dev/zero"';
  const ends: [string, string, string, (pid: number, name: string) => unknown, number?][] = [
    ['oom', 'Jail-Memory: 16M', eats, () => {}],
    ['signal', '', '/bin/sh -c "exec sleep 1000"', (pid) => process.kill(pid, 'SIGKILL')],
    [
      'operator',
      '',
      '/bin/sh -c "exec sleep 1000"',
      (_, name) => post(`/${name}/kill`, { signal: 'SIGKILL' }),
    ],
    ['exit', '', '/bin/sh -c "exit 3"', () => {}, 3],
  ];
  for (const [reason, fields, command, end, status = 137] of ends) {
    const path = await version('1.0', `${fields === '' ? '' : `${fields}\n`}Jail-Restart: no`, command);
    const name = `${host.name}@${reason}`;
    expect(await post('', { path, name })).toMatchObject({ status: 201 });
    const read = async (): Promise<Summary & { lastExit?: object }> =>
      JSON.parse((await host.api('GET', `/v1/jails/${name}`)).body);
    await end((await read()).pid ?? 0, name);
    await until(async () => (await read()).state === 'stopped');
    expect(await read()).toMatchObject({ lastExit: { status, reason } });
    // the event is written once the state is
    const told = `"reason":"${reason === 'signal' ? 'signal SIGKILL' : reason}"`;
    await until(async () => (await host.api('GET', '/v1/events')).body.includes(told));
    const metrics = (await host.api('GET', '/metrics')).body;
    expect(metrics).toContain(`prodng_jail_last_exit_reason{jail="${name}",reason="${reason}"} 1\n`);
  }
  expect(await host.ok('ls')).toMatch(/137 oom/);
  const sick = 'Jail-Health: /bin/false interval=1s timeout=1s\nJail-Restart: always backoff=60s';
  await install(await version('1.0', sick, '/bin/sh -c "exec sleep 1000"'));
  await until(async () => (await jail()).state === 'waiting');
  expect(await jail()).toMatchObject({ lastExit: { reason: 'health' } });
});
