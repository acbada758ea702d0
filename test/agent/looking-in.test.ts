import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const fields = 'Jail-Command: /bin/sh -c "echo one; echo two >&2; exec sleep 5000"\nJail-Memory: 64M';
  await host.ok('install', await host.jail({ fields }));
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

it('runs a program in the jail as its service runs', async () => {
  const status = await host.ok('exec', host.name, '--', '/bin/cat', '/proc/self/status');
  const service = await host.ok('exec', host.name, '--', '/bin/cat', '/proc/1/status');
  for (const field of ['Uid', 'Gid', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp']) {
    const pattern = new RegExp(`^${field}:.*$`, 'm');
    expect(pattern.exec(status)?.[0], field).toBe(pattern.exec(service)?.[0]);
  }
});

it('passes streams and the exit status of such a program', async () => {
  const argv = ['exec', host.name, '--', '/bin/sh', '-c', 'cat; echo no >&2; exit 9'];
  expect(await host.prodng(argv, { input: 'yes\n' })).toEqual({ status: 9, stdout: 'yes\n', stderr: 'no\n' });
  expect(await host.prodng(['exec', 'nobody', '--', '/bin/true'])).toMatchObject({ status: 2 });
});

it('says why a program is not executed, whatever its input is', async () => {
  const missing = await host.prodng(['exec', host.name, '--', '/no/such'], { input: 'unread' });
  expect(missing).toMatchObject({ status: 127, stderr: expect.stringContaining('/no/such') });
  await host.ok('freeze', host.name);
  const frozen = await host.prodng(['exec', host.name, '--', '/bin/true']);
  expect(frozen).toEqual({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(`${host.name} is frozen`),
  });
  await host.ok('thaw', host.name);
});

it('passes signals on to such a program', async () => {
  const script = 'trap "echo got it; exit 7" USR1 INT; echo up; while :; do sleep 0.1; done';
  const child = host.start(['exec', host.name, '--', '/bin/sh', '-c', script]);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => said === 'up\n');
  child.kill('SIGINT');
  const [status] = await once(child, 'close');
  expect({ status, said }).toEqual({ status: 7, said: 'up\ngot it\n' });
});

it('takes a program on a terminal of its own, with the size of ours', async () => {
  const session = host.terminal(['exec', '-it', host.name, '--', '/bin/sh']);
  session.type('stty size; trap "echo in-$((40 + 2))" INT\n');
  await session.said('$((40');
  session.type('sleep 1000\n');
  await until(async () => (await host.ok('ps', host.name)).includes('sleep 1000'));
  session.type('\u0003');
  await session.said('in-42');
  session.type('exit 5\n');
  expect(await session.status()).toBe(5);
  // what is printed for a key is never dropped, and what was typed before it always is
  const script =
    'sleep 1000 & trap "n=\\$((n + 1)); echo got \\$n." INT; echo up; while [ "$n" != 30 ]; do wait; done; kill $!; read x; echo "<$x>"';
  const signalled = host.terminal(['exec', '-it', host.name, '--', '/bin/sh', '-c', script]);
  await signalled.said('up');
  for (let times = 1; times <= 30; times += 1) {
    signalled.type('dropped\u0003');
    await signalled.said(`got ${times}.`);
  }
  signalled.type('kept\n');
  await signalled.said('<kept>');
  expect(await signalled.status()).toBe(0);
  const none = await host.prodng(['exec', '-t', host.name, '--', '/bin/sh']);
  expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining('is not a terminal') });
});

it('does not keep what a program does not read', async () => {
  const resident = async () => {
    const status = await readFile(`/proc/${host.agent().pid}/status`, 'utf8');
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024;
  };
  const before = await resident();
  const child = host.start(['exec', host.name, '--', '/bin/sleep', '3'], { input: 'x'.repeat(2 ** 27) });
  child.stdin?.on('error', () => {});
  await once(child, 'close');
  expect((await resident()) - before).toBeLessThan(2 ** 26);
});

it('says when a signal would not be noticed, and who sent one', async () => {
  const deaf = await host.prodng(['kill', '-s', 'TERM', host.name]);
  expect(deaf).toMatchObject({ status: 2, stderr: expect.stringContaining('does not handle SIGTERM') });
  expect(await host.prodng(['kill', '-s', 'FOO', host.name])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no signal of that name'),
  });
  await host.ok('kill', '-s', 'CONT', host.name);
  expect(await host.ok('events', '-n', '1')).toMatch(/killed {2}signal=SIGCONT {2}by uid 0\n$/);
});

it('shows jails and their processes, look after look', async () => {
  const looks = await host.ok('top', '--json', '-n', '2', '-d', '0.2', host.name);
  const [, second] = looks.trimEnd().split('\n');
  expect(JSON.parse(second ?? '')).toMatchObject([
    { name: host.name, processes: [{ jailPid: 1, command: 'sleep 5000', files: expect.any(Number) }] },
  ]);
  const table = await host.ok('top', '-n', '1', '--processes');
  expect(table).toMatch(/^1 running, 1 processes, CPU /);
  expect(table).toContain('sleep 5000');
  expect(table).not.toContain('\u001b');
  const session = host.terminal(['top', host.name]);
  await session.said('sleep 5000');
  session.type('q');
  expect(await session.status()).toBe(0);
  expect(await host.prodng(['top', 'nobody'])).toMatchObject({ status: 2 });
});

it('tells a follower of the events all that happens, each once and in order', async () => {
  const follower = host.start(['events', '-f', '--json', '-n', '1']);
  let said = '';
  follower.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => said.includes('\n'));
  await Promise.all(
    Array.from({ length: 20 }, () => host.api('POST', `/v1/jails/${host.name}/kill`, '{"signal":"SIGCONT"}')),
  );
  await until(() => said.split('\n').length > 20);
  follower.kill('SIGTERM');
  const seen = said
    .trimEnd()
    .split('\n')
    .map((line) => Number(JSON.parse(line).seq));
  expect(seen).toEqual(seen.map((_, index) => (seen[0] ?? 0) + index));
  const { body } = await host.api('GET', `/v1/events?after=${(seen.at(-1) ?? 0) - 3}`);
  expect(JSON.parse(body).map(({ seq }: { seq: number }) => seq)).toEqual(seen.slice(-3));
  const copy = join(host.folder, 'state/events.jsonl');
  expect(await host.ok('events', '--verify')).toContain('chain intact');
  expect(await host.ok('events', '--verify', '--file', copy)).toContain('chain intact');
  expect(await host.prodng(['events', '--verify', '--known', 'f'.repeat(64)])).toMatchObject({ status: 1 });
});

it('answers what cannot be upgraded in plain HTTP', async () => {
  const upgraded = (path: string, protocol: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: protocol };
      const asked = request({ socketPath: join(host.folder, 'run/agent.sock'), path, headers }, (response) =>
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject),
      );
      asked.once('error', reject);
      asked.end();
    });
  expect(await upgraded('/v1/jails', 'h2c')).toMatchObject({ status: 400 });
  expect(await upgraded('/v1/jails/%/exec', 'prodng-exec')).toMatchObject({ status: 400 });
  expect(await upgraded('//', 'prodng-exec')).toMatchObject({ status: 400 });
  const asked = encodeURIComponent(JSON.stringify({ argv: ['/bin/\0'] }));
  const path = `/v1/jails/${host.name}/exec?request=${asked}`;
  expect(await upgraded(path, 'prodng-exec')).toMatchObject({
    status: 400,
    body: expect.stringContaining('NUL'),
  });
});

it('ends such a program with the one who asked for it', async () => {
  const child = host.start(['exec', host.name, '--', '/bin/sh', '-c', 'echo up; exec sleep 4711']);
  child.stdout?.resume();
  await until(async () => (await host.ok('ps', host.name)).includes('sleep 4711'));
  child.kill('SIGKILL');
  await until(async () => !(await host.ok('ps', host.name)).includes('sleep 4711'));
});

it('follows what a jail prints', async () => {
  const child = host.start(['logs', '-f', host.name]);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => said === 'one\n');
  await host.ok('restart', host.name);
  await until(() => said === 'one\none\n');
  child.kill('SIGTERM');
});

it('gives the lines of a log as JSON, one object a line', async () => {
  const lines = (await host.ok('logs', '--json', host.name)).trimEnd().split('\n');
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  const said = lines.map((line): unknown => JSON.parse(line));
  expect(said).toContainEqual({ jail: host.name, time, stream: 'stdout', whole: true, text: 'one' });
  expect(said).toContainEqual({ jail: host.name, time, stream: 'stderr', whole: true, text: 'two' });
});

it('lists the processes of one jail, of several, of all', async () => {
  const one = expect.objectContaining({ jail: host.name, jailPid: 1, command: 'sleep 5000' });
  for (const argv of [[host.name], [], ['-a']])
    expect(await host.json('ps', '--json', ...argv)).toEqual([one]);
  expect(await host.prodng(['ps', '-a', host.name])).toMatchObject({ status: 2 });
  expect(await host.prodng(['ps', host.name, 'none'])).toMatchObject({ status: 2, stdout: '' });
  expect(await host.ok('ps')).toMatch(/^JAIL +PID +IN JAIL/);
});

it('shows what jails use, within 80 columns', async () => {
  const [stats] = (await host.json('stats', '--json')) as Record<string, number>[];
  expect(stats).toMatchObject({ name: host.name, memoryLimit: 64 * 2 ** 20, pids: 1, threads: 1 });
  expect(stats?.memory).toBeGreaterThan(0);
  for (const line of (await host.ok('stats')).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const { body } = await host.api('GET', '/metrics');
  expect(body).toContain(`prodng_jail_up{jail="${host.name}"} 1`);
  expect(body).toMatch(/^prodng_agent_memory_bytes \d+$/m);
});
