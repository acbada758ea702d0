import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
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

it('starts a service that failed again, and calls one that goes on failing a crash loop', async () => {
  const fields = 'Jail-Command: /bin/sh -c "echo try; exit 3"\nJail-Restart: on-failure backoff=20ms';
  await host.ok('install', await host.jail({ fields }));
  await until(async () => (await host.summary())?.state === 'crash-loop');
  expect((await host.ok('logs', host.name)).match(/try/g)?.length).toBeGreaterThanOrEqual(5);
  expect(await host.ok('events')).toContain('crash-loop  failures=5');
  expect(await host.ok('stop', host.name)).toBe(`${host.name} is stopped\n`);
});

it('leaves a service alone that ended well, or that is not to be started again', async () => {
  await host.ok('install', await host.jail({ fields: 'Jail-Command: /bin/sh -c "exit 0"' }));
  await until(async () => (await host.summary())?.state === 'stopped');
  const ended = await host.summary();
  expect(ended).toMatchObject({ restarts: 0, lastExit: { status: 0 } });
  await host.endAgent('SIGKILL');
  await host.startAgent();
  expect(await host.summary()).toEqual(ended);
});

it('kills and starts a service again that no longer answers its health check', async () => {
  const fields =
    'Jail-Network: loopback\nJail-Listen: 8080/tcp\nJail-Restart: always backoff=50ms\n' +
    'Jail-Health: http://:8080/ok interval=1s timeout=300ms\n' +
    'Jail-Filesystem: tmp /tmp size=1M\n' +
    'Jail-Command: /bin/sh -c "echo fine > /tmp/ok; httpd -p 8080 -h /tmp; sleep 3; rm /tmp/ok; exec sleep 1000"';
  await host.ok('install', await host.jail({ fields }));
  await until(async () => (await host.summary())?.health === 'healthy');
  await until(async () => Number((await host.summary())?.restarts) > 0);
  expect(await host.ok('events')).toMatch(/unhealthy {2}reason=HTTP status 404/);
});

it('freezes, thaws, and stops what is frozen', async () => {
  await host.ok(
    'install',
    await host.jail({ fields: 'Jail-Command: /bin/sh -c "while :; do echo x; sleep 0.05; done"' }),
  );
  expect(await host.ok('freeze', host.name)).toBe(`${host.name} is frozen\n`);
  const frozen = await host.ok('logs', '-n', '1000', host.name);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await host.ok('logs', '-n', '1000', host.name)).toBe(frozen);
  expect(await host.ok('thaw', host.name)).toBe(`${host.name} is running\n`);
  await until(async () => (await host.ok('logs', '-n', '1000', host.name)) !== frozen);
  await host.ok('freeze', host.name);
  expect(await host.ok('stop', host.name)).toBe(`${host.name} is stopped\n`);
});

it('sends signals, and lets Jail-Restart decide what comes after', async () => {
  const fields =
    'Jail-Restart: no\nJail-Command: /bin/sh -c "trap \\"echo got HUP\\" HUP; while :; do sleep 0.1; done"';
  await host.ok('install', await host.jail({ fields }));
  await host.ok('kill', '-s', 'hup', host.name);
  await until(async () => (await host.ok('logs', host.name)) === 'got HUP\n');
  await host.ok('kill', host.name);
  await until(async () => (await host.summary())?.state === 'stopped');
  expect(await host.summary()).toMatchObject({ lastExit: { status: 137 } });
  expect(await host.prodng(['kill', host.name])).toMatchObject({ status: 2 });
});

it('starts what should run when host and agent come back, in order', async () => {
  const fields = 'Jail-Command: /bin/sh -c "exec sleep 1000"';
  const deb = await host.jail({ fields });
  for (const instance of ['a', 'b', 'c']) await host.ok('install', '--name', `${host.name}@${instance}`, deb);
  await host.ok('set', `${host.name}@c`, 'order=1');
  await host.ok('stop', `${host.name}@b`);
  await host.endAgent('SIGKILL');
  // what a reboot does: all processes are gone, and so is /run
  const jails: unknown = JSON.parse(
    await readFile(join(host.folder, 'state/jails', `${host.name}@a.json`), 'utf8'),
  );
  expect(jails).toMatchObject({ desired: 'running' });
  for (const pid of runningPids()) process.kill(pid, 'SIGKILL');
  await host.startAgent();
  expect((await host.summary(`${host.name}@b`))?.state).toBe('stopped');
  for (const instance of ['a', 'c'])
    await until(async () => (await host.summary(`${host.name}@${instance}`))?.state === 'running');
});

function runningPids(): number[] {
  const folder = join(host.folder, 'run/agent/runs');
  return readdirSync(folder).map((file) => {
    const { record }: { record: { pid: number } } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return record.pid;
  });
}

const jailsFolder = () => join(host.folder, 'state/jails');

it('sets a damaged state file aside, and leaves all alone that bears its name', async () => {
  const deb = await host.jail({ fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"' });
  await host.ok('install', deb);
  await host.ok('install', '--name', `${host.name}@2`, deb);
  const before = await host.summary(`${host.name}@2`);
  await host.endAgent('SIGKILL');
  const file = join(jailsFolder(), `${host.name}@2.json`);
  const text = await readFile(file, 'utf8');
  await writeFile(file, '{"format": 1, "na');
  await host.startAgent();
  expect(await host.ok('ls', '--format', 'name')).toBe(`${host.name}\n`);
  expect(await host.ok('events')).toContain(`${host.name}@2  state-damaged`);
  const set = readdirSync(jailsFolder()).filter((name) => name.startsWith(`${host.name}@2`));
  expect(set).toEqual([expect.stringMatching(/@2\.damaged-\d+$/)]);
  // its run lives, now and with the next agent, and no tree is collected that it may need
  for (let agents = 0; agents < 2; agents++) {
    expect(existsSync(`/proc/${String(before?.pid)}`)).toBe(true);
    const asked = await host.api('POST', `/v1/jails/${host.name}@2/start`);
    expect(asked).toMatchObject({ status: 409, body: expect.stringContaining('was set aside') });
    await host.endAgent('SIGTERM');
    await host.startAgent();
  }
  // put right, it is what it was
  await host.endAgent('SIGTERM');
  await rm(join(jailsFolder(), set[0] ?? ''));
  await writeFile(file, text);
  await host.startAgent();
  expect(await host.summary(`${host.name}@2`)).toMatchObject({ pid: before?.pid, state: 'running' });
});

it('refuses the state of a later version, and takes it up again when that version has written it back', async () => {
  const deb = await host.jail({ fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"' });
  await host.ok('install', deb);
  const before = await host.summary();
  const file = join(jailsFolder(), `${host.name}.json`);
  const text = await readFile(file, 'utf8');
  const next = (json: string) =>
    json.replace(/"format": (\d+)/, (_, n: string) => `"format": ${Number(n) + 1}`);
  const newer = [next(text), text.replace('{', '{ "invented": true,')];
  expect(newer).not.toContain(text);
  for (const theirs of newer) {
    await host.endAgent('SIGTERM');
    await writeFile(file, theirs);
    await host.startAgent();
    expect((await host.api('GET', '/v1/jails')).body).toBe('[]');
    expect(await host.api('POST', `/v1/jails/${host.name}/stop`)).toMatchObject({
      status: 409,
      body: expect.stringContaining('a later version of prodng has written'),
    });
    const install = await host.api('POST', '/v1/jails', JSON.stringify({ path: deb }));
    expect(install.status).toBe(409);
    expect(await readFile(file, 'utf8')).toBe(theirs);
    expect(existsSync(`/proc/${String(before?.pid)}`)).toBe(true);
  }
  await host.endAgent('SIGTERM');
  await writeFile(file, text);
  // its run is a later version's, too
  const runs = join(host.folder, 'run/agent/runs');
  const run = join(runs, readdirSync(runs)[0] ?? '');
  const ours = await readFile(run, 'utf8');
  await writeFile(run, next(ours));
  await host.startAgent();
  expect((await host.api('GET', '/v1/jails')).body).toBe('[]');
  expect(existsSync(run)).toBe(true);
  await host.endAgent('SIGTERM');
  await writeFile(run, ours);
  await host.startAgent();
  expect(await host.summary()).toMatchObject({ pid: before?.pid, state: 'running' });
  expect(await host.ok('events')).toContain('state-newer');
});
