import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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
  const names = (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean);
  for (const name of names) await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const polite =
  'Jail-Command: /bin/sh -c "trap \\"echo bye; exit 0\\" TERM; echo hello; while :; do sleep 0.1; done"';

it('installs, starts, stops, restarts and removes a jail', async () => {
  const deb = await host.jail({ fields: polite });
  expect(await host.ok('install', deb)).toBe(`${host.name} 1.0-1 is installed and running\n`);
  const { pid } = (await host.summary()) ?? {};
  expect(existsSync(`/proc/${String(pid)}`)).toBe(true);
  expect(await host.ok('stop', host.name)).toBe(`${host.name} is stopped\n`);
  expect(existsSync(`/proc/${String(pid)}`)).toBe(false);
  expect(await host.summary()).toMatchObject({ state: 'stopped', lastExit: { status: 0 } });
  // nothing of a run is left, its lock neither
  expect(readdirSync(join(host.folder, 'run/jails'))).toEqual([]);
  expect(await host.ok('start', host.name)).toBe(`${host.name} is running\n`);
  expect(await host.ok('restart', host.name)).toBe(`${host.name} is running\n`);
  await until(async () => (await host.ok('logs', host.name)) === 'hello\nbye\nhello\nbye\nhello\n');
  expect(await host.ok('rm', host.name)).toBe(`${host.name} is removed\n`);
  expect(await host.ok('ls', '--format', 'name')).toBe('');
  expect(existsSync(join(host.folder, 'state/jails', `${host.name}.json`))).toBe(false);
});

it('shows the state of jails and why, waits for it, and acts on several at once', {
  timeout: 600_000,
}, async () => {
  const web = `${host.name}web`;
  const deaf = `${host.name}deaf`;
  const command = (trap: string) =>
    `Jail-Command: /bin/sh -c "trap \\"${trap}\\" TERM; echo hello; while :; do sleep 0.1; done"`;
  await host.ok('install', '--no-start', await host.jail({ name: web, fields: command('exit 3') }));
  await host.ok('install', await host.jail({ name: deaf, fields: command('') }));
  expect(await host.ok('status', web)).toMatch(
    /^\S+web 1\.0-1\n +state: stopped since \d{4}-\S+Z\n +desired: stopped\n +restarts: 0\n$/,
  );
  // without a health check, it is healthy after two seconds: it has printed its line by then
  expect(await host.ok('start', '--wait', '--timeout', '600', web)).toBe(`${web} is running\n`);
  await until(async () => (await host.api('GET', `/v1/jails/${web}/logs`)).body.includes('hello'));
  expect(await host.ok('status', web)).toMatch(
    /state: running since \S+Z, for \d+s\n +desired: running\n +pid: \d+\n.*memory: [\d.]+[KM] of 64\.0M\n +cpu: [\d.]+ s used, limit 50 %\n +threads: \d+ of 32\n\n {2}\S+Z hello\n$/s,
  );
  expect(await host.prodng(['wait', '--timeout', '0', web])).toMatchObject({
    status: 1,
    stderr: `prodng: ${web} is not stopped after 0 s: it is running\n  hint: prodng status ${web}\n`,
  });
  const stopped = host.ok('wait', '--for', 'stopped', web, deaf);
  // it ignores the declared signal
  expect(await host.ok('stop', '-t', '1', `${host.name}*`)).toBe(`${deaf} is stopped\n${web} is stopped\n`);
  expect(await stopped).toBe(`${web} is stopped\n${deaf} is stopped\n`);
  expect(await host.summary(deaf)).toMatchObject({ lastExit: { status: 137, reason: 'operator' } });
  expect(await host.ok('status', web)).toMatch(/last exit: status 3 \(operator\) at \S+Z\n/);
  expect(await host.ok('start', '--all')).toBe(`${deaf} is running\n${web} is running\n`);

  // the logs of both runs of both, merged; each has two lines
  await until(async () => (await host.api('GET', `/v1/jails/${web}/logs`)).body.split('hello').length === 3);
  await until(async () => (await host.api('GET', `/v1/jails/${deaf}/logs`)).body.split('hello').length === 3);
  const merged = await host.ok('logs', '--utc', '--grep', 'h.l+o$', `${host.name}*`);
  expect(merged).toMatch(/^(?:\S+(?:web|deaf) \d{4}-\S+Z hello\n){4}$/);
  const times = merged.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
  expect(times).toEqual(times.toSorted());
  const since = (time: string) => host.api('GET', `/v1/jails/${web}/logs?since=${encodeURIComponent(time)}`);
  expect((await since(times[0] ?? '')).body).toContain('hello');
  expect((await since('2999-01-01T00:00:00Z')).body).toBe('[]');
  expect((await since('yesterday')).status).toBe(400);
  const follow = await host.api('GET', `/v1/jails/${web}/logs?follow=true&until=2999-01-01T00:00:00Z`);
  expect(follow.status).toBe(400);
  const child = host.start(['logs', '-f', '--since', '1h', '--grep', '^hello$', web, deaf]);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(async () => said.split('\n').length === 5);
  child.kill('SIGTERM');
  expect(said.split('\n').toSorted()).toEqual([
    '',
    ...[deaf, web].flatMap((name) => [`${name} hello`, `${name} hello`]),
  ]);

  // one that has exited for good is not waited for
  const once = 'Jail-Command: /bin/sh -c "exit 7"\nJail-Restart: no';
  await host.ok('install', '--no-start', await host.jail({ fields: once }));
  expect(await host.prodng(['start', '--wait', '--timeout', '3600', host.name])).toMatchObject({
    status: 1,
    stderr: `prodng: ${host.name} has exited: stopped, exit status 7\n  hint: prodng status ${host.name}\n`,
  });
  // and one that waits for its next start is not stopped
  const loop = `${host.name}loop`;
  const fields = 'Jail-Command: /bin/sh -c "exit 7"\nJail-Restart: on-failure backoff=5min';
  await host.ok('install', await host.jail({ name: loop, fields }));
  await until(async () => (await host.summary(loop))?.state === 'waiting');
  expect(await host.prodng(['wait', '--timeout', '0', loop])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('is not stopped after 0 s: it is waiting, exit status 7'),
  });
  expect(await host.prodng(['status', loop])).toMatchObject({ status: 1 });
});

it('takes a running jail over, untouched, after kill -9 of the agent', async () => {
  await host.ok('install', await host.jail({ fields: polite }));
  const before = await host.summary();
  await host.endAgent('SIGKILL');
  expect(existsSync(`/proc/${String(before?.pid)}`)).toBe(true);
  await host.startAgent();
  expect(await host.summary()).toEqual(before);
  expect(await host.ok('stop', host.name)).toBe(`${host.name} is stopped\n`);
  expect(await host.summary()).toMatchObject({ lastExit: { status: 0 } });
});

it('starts after a boot of the host what is enabled, and not what is disabled', {
  timeout: 600_000,
}, async () => {
  const [on, off, other] = [`${host.name}on`, `${host.name}off`, `${host.name}other`];
  const summaries = async () => Promise.all([on, off, other].map((name) => host.summary(name)));
  const states = async () => (await summaries()).map((one) => one?.state);
  const volume = `${polite}\nJail-Filesystem: rw /var/lib/box size=2M`;
  for (const name of [on, off, other])
    await host.ok('install', await host.jail({ name, fields: name === other ? volume : polite }));
  // all blocks of the volume are allocated
  const images = join(host.folder, 'state/volumes', other);
  const { size, blocks } = statSync(join(images, readdirSync(images)[0] ?? ''));
  expect(size).toBeGreaterThanOrEqual(2 ** 21);
  expect(blocks * 512).toBeGreaterThanOrEqual(size);
  expect(await host.ok('enable', on)).toBe(`${on} is enabled\n`);
  expect(await host.ok('disable', off)).toBe(`${off} is disabled\n`);
  await host.ok('stop', on);
  // neither changes anything now, nor does another agent of the same boot
  const before = await summaries();
  expect(before.map((one) => one?.state)).toEqual(['stopped', 'running', 'running']);
  await host.endAgent('SIGKILL');
  await host.startAgent();
  expect(await summaries()).toEqual(before);

  // a boot ends all processes, and what is in /run is of another boot
  await host.endAgent('SIGKILL');
  const folder = join(host.folder, 'run/agent');
  const earlier = '00000000-0000-4000-8000-000000000000';
  for (const file of readdirSync(join(folder, 'runs'))) {
    const run = JSON.parse(readFileSync(join(folder, 'runs', file), 'utf8'));
    process.kill(run.record.pid, 'SIGKILL');
    writeFileSync(join(folder, 'runs', file), JSON.stringify({ ...run, boot: earlier }));
  }
  writeFileSync(join(folder, 'boot'), earlier);
  writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ lowSpace: 2 ** 52 }));
  await host.startAgent();
  await until(async () => String(await states()) === 'running,stopped,running');
  expect((await host.summary(off))?.desired).toBe('stopped');
  await until(async () => (await host.ok('events')).includes('space-low  free='));
  expect(await host.ok('status', off)).toMatch(
    /state: stopped .*\n +desired: stopped\n +at boot: disabled\n/,
  );
  expect(await host.ok('start', off)).toBe(`${off} is running\n`);
});

it('learns how a jail ended while there was no agent', async () => {
  await host.ok(
    'install',
    await host.jail({ fields: 'Jail-Command: /bin/sh -c "sleep 1; exit 7"\nJail-Restart: no' }),
  );
  await host.endAgent('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await host.startAgent();
  await until(async () => (await host.summary())?.state === 'stopped');
  expect(await host.summary()).toMatchObject({ lastExit: { status: 7 } });
});

it('says what is wrong in the words of the API', async () => {
  expect(await host.prodng(['start', 'nobody'])).toMatchObject({
    status: 2,
    stderr: 'prodng: no jail named nobody is installed\n  hint: see which are: prodng ls\n',
  });
  expect(await host.prodng(['install', '/nonexistent.deb'])).toMatchObject({ status: 2 });
  expect((await host.api('POST', '/v1/jails', '{"path":1}')).status).toBe(400);
  expect((await host.api('GET', '/nowhere')).status).toBe(404);
});

it('runs instances of one package from one tree', async () => {
  const deb = await host.jail({ fields: polite });
  await host.ok('install', '--name', `${host.name}@1`, deb);
  await host.ok('install', '--name', `${host.name}@2`, deb);
  const [one, two] = [await host.summary(`${host.name}@1`), await host.summary(`${host.name}@2`)];
  expect([one?.state, two?.state]).toEqual(['running', 'running']);
  expect(one?.pid).not.toBe(two?.pid);
  const [tree, ...others] = [one, two].map((summary) => {
    const { dev, ino } = statSync(`/proc/${Number(summary?.pid)}/root/bin/busybox`);
    return `${dev}:${ino}`;
  });
  expect(others).toEqual([tree]);
});

it('proves the log of events whole', async () => {
  await host.ok('install', await host.jail({ fields: polite }));
  expect(await host.ok('events', '--verify')).toMatch(/^4 records, chain intact/);
  expect(await host.ok('events')).toMatch(/agent-started.*installed.*started/s);
  const documents = (await host.ok('events', '--format', 'ecs')).trim().split('\n');
  expect(documents.map((line) => JSON.parse(line).event.action)).toEqual(
    expect.arrayContaining(['agent-started', 'installed', 'started']),
  );
  expect(await host.prodng(['events', '--verify', '--format', 'ecs'])).toMatchObject({ status: 2 });
});
