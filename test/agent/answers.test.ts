import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isTooDeep } from '../../src/agent/api/answers.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { program, until } from '../support/jail-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const command = '/bin/sh -c "while :; do echo a line of many; sleep 0.2; done"';
  const path = await host.jail({ fields: `Jail-Command: ${command}` });
  expect((await host.api('POST', '/v1/jails', JSON.stringify({ path }))).status).toBe(201);
});

afterAll(async () => {
  await host.api('DELETE', `/v1/jails/${host.name}?purge=true`);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** Sends bytes as they are, and gives the answer as it is. */
function raw(bytes: string): Promise<string> {
  const socket = connect(`${host.env.PRODNG_RUN_DIR}/agent.sock`);
  socket.write(bytes);
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
  // where it has not read all that was sent, the kernel tells of a reset behind the answer
  socket.on('error', () => {});
  return new Promise((done) => socket.once('close', () => done(said)));
}

const usage = /"error":\{"code":"USAGE"/;

it.each([
  [
    'an address that is no text',
    '400',
    'GET /v1/jails/%ff%fe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ],
  [
    'a header that is too long',
    '431',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(2 ** 17 + 1000)}\r\n\r\n`,
  ],
  ['what is no HTTP', '400', 'HELO there\r\n\r\n'],
])('answers %s with %s, in its own form', async (_, status, bytes) => {
  const answer = await raw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toMatch(usage);
});

it('answers with the status that fits: too large, of another kind, not allowed, unknown, too deep', async () => {
  const kill = `/v1/jails/${host.name}/kill`;
  const answers = await Promise.all([
    announced(kill, 2 ** 21),
    host.api('POST', kill, '<kill/>', 'application/xml'),
    host.api('POST', `/v1/jails/${host.name}`, '{}'),
    host.api('GET', '/v2/jails'),
    host.api('POST', kill, '['.repeat(400_000)),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([413, 415, 405, 404, 400]);
  for (const { body } of answers) expect(body).toMatch(usage);
});

/** Announces a body and sends none: what answers at once may close before a client has written it all. */
function announced(path: string, length: number): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const headers = { 'content-type': 'application/json', 'content-length': length };
    const socketPath = join(host.folder, 'run/agent.sock');
    const asked = request({ socketPath, method: 'POST', path, headers }, (response) => {
      text(response)
        .then((body) => done({ status: response.statusCode ?? 0, body }), fail)
        .finally(() => asked.destroy());
    });
    asked.once('error', fail);
    asked.flushHeaders();
  });
}

it('counts how deep JSON is, but not what is in strings', () => {
  expect(isTooDeep(JSON.stringify({ a: '[[['.repeat(100), b: '\\"[' }))).toBe(false);
  expect(isTooDeep(`${'[{"a":'.repeat(16)}1`)).toBe(false);
  expect(isTooDeep('['.repeat(33))).toBe(true);
});

/** As a shell would: prodng, its standard output to a program or file. */
function shell(line: string): Promise<{ status: number | null; errors: string }> {
  const child = spawn('sh', ['-c', line.replaceAll('prodng', `"${process.execPath}" "${program}"`)], {
    env: { ...process.env, ...host.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return Promise.all([
    text(child.stderr),
    new Promise<number | null>((done) => child.once('exit', done)),
  ]).then(([errors, status]) => ({ status, errors }));
}

it('is no fault when who reads its output stops, and says so when a disk takes none', async () => {
  await until(async () => (await host.api('GET', `/v1/jails/${host.name}/logs`)).body.includes('many'));
  const endless = '-- /bin/sh -c "while :; do echo x; done"';
  for (const line of [
    `prodng logs -f ${host.name} | head -1`,
    `prodng exec ${host.name} ${endless} | head -1`,
  ])
    expect(await shell(line), line).toEqual({ status: 0, errors: '' });
  for (const line of [
    `prodng logs ${host.name} > /dev/full`,
    `prodng exec ${host.name} ${endless} > /dev/full`,
  ]) {
    const { status, errors } = await shell(line);
    expect(status).toBe(2);
    expect(errors).toMatch(/^prodng: standard output: cannot be written: no space left/);
  }
});

it('follows events and logs over the end of an agent, each once', async () => {
  const followed = ['events', 'logs'].map((verb) => {
    const child = host.start([verb, '-f', '-n', '0', ...(verb === 'logs' ? ['--time', host.name] : [])]);
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { child, said: () => said };
  });
  const [events, logs] = followed;
  const lines = () => (logs?.said() ?? '').split('\n').slice(0, -1);
  await until(() => lines().length > 2);
  await host.endAgent('SIGTERM');
  const before = lines().length;
  await host.startAgent();
  await until(() => (events?.said() ?? '').includes('agent-settled') && lines().length > before + 3);
  expect(new Set(lines()).size).toBe(lines().length);
  expect((events?.said() ?? '').match(/agent-started/g)).toHaveLength(1);
  for (const { child } of followed) child.kill('SIGINT');
});

it('tells how long a jail has run by a clock that nobody sets, and how to put a setting in force', async () => {
  const [jail] = JSON.parse((await host.api('GET', '/v1/jails')).body);
  expect(jail.uptime).toBeGreaterThanOrEqual(0);
  expect(jail.uptime).toBeLessThan(3600);
  expect(await host.ok('set', host.name, 'pids=32')).toContain(`prodng restart ${host.name}`);
  await host.ok('stop', host.name);
  expect(await host.ok('set', host.name, 'pids=32')).not.toContain('restart');
});
