import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { hashOf } from '../../src/agent/events/event-record.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;
let folder: string;
let log: string;
let keyring: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  host = await makeAgentHost();
  log = join(host.folder, 'state/events.jsonl');
  keyring = join(folder, 'host.asc');
  await host.startAgent();
  writeFileSync(join(folder, 'first.jsonl'), await host.ok('events', '--checkpoint'));
  await host.ok('key', 'export', `evidence@${hostname()}`, '-o', keyring);
  await host.endAgent('SIGTERM');
});
afterEach(() => host.endAgent('SIGTERM'));
afterAll(async () => {
  await host.remove();
  rmSync(folder, { recursive: true });
});

function verify(file: string, checkpoints: string, key = keyring) {
  return host.prodng(['events', '--verify', '--file', file, '--checkpoints', checkpoints, '--keyring', key]);
}

function envelopes(lines: string): { host: string; seq: number; hash: string }[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString()));
}

it('finds a log that its own root wrote again, which --verify alone does not', async () => {
  const checkpoints = join(folder, 'first.jsonl');
  const records = readFileSync(log, 'utf8').trimEnd().split('\n');
  expect(records.length).toBeGreaterThan(1);
  expect((await verify(log, checkpoints)).stdout).toContain('chain intact');
  // as an attacker who can write the file does: other times, and every hash recomputed
  let previous = '0'.repeat(64);
  const rewritten = records.map((line) => {
    const { hash: _, ...record } = JSON.parse(line);
    const changed = { ...record, time: '2026-01-01T00:00:00.000Z', previous };
    previous = hashOf(changed);
    return JSON.stringify({ ...changed, hash: previous });
  });
  const copy = join(folder, 'copy.jsonl');
  writeFileSync(copy, `${rewritten.join('\n')}\n`);
  expect(await host.ok('events', '--verify', '--file', copy)).toContain('chain intact');
  expect(await verify(copy, checkpoints)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('the log was rewritten'),
  });
  writeFileSync(copy, `${records.slice(0, 1).join('\n')}\n`);
  expect(await host.ok('events', '--verify', '--file', copy)).toContain('chain intact');
  expect(await verify(copy, checkpoints)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('the end was cut off'),
  });
});

it('takes the word of a known key alone, and nothing that is no checkpoint', async () => {
  const checkpoints = join(folder, 'first.jsonl');
  await host.ok('key', 'new', 'Other <other@example.org>', '--no-passphrase');
  const other = join(folder, 'other.asc');
  await host.ok('key', 'export', 'other@example.org', '-o', other);
  const line = readFileSync(checkpoints, 'utf8');
  const forged = JSON.parse(line);
  forged.payload = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(forged.payload, 'base64').toString()), seq: 1 }),
  ).toString('base64');
  const bad: [what: string, key: string][] = [
    [line, other],
    [JSON.stringify(forged), keyring],
    ['no envelope\n', keyring],
    ['', keyring],
  ];
  for (const [what, key] of bad) {
    const file = join(folder, 'bad.jsonl');
    writeFileSync(file, what);
    expect(await verify(log, file, key)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/bad\.jsonl/),
    });
  }
});

it('sends them to a file, a webhook and syslog over TLS, and again until one is taken', async () => {
  const posted: { body: string; signature: string | undefined }[] = [];
  const web = createServer(async (request, response) => {
    const signature = request.headers['x-prodng-signature'];
    posted.push({
      body: await text(request),
      signature: typeof signature === 'string' ? signature : undefined,
    });
    // the first is not taken
    response.writeHead(posted.length === 1 ? 503 : 204).end();
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const out = ['-keyout', 'log.key', '-out', 'log.pem', '-subj', '/CN=localhost', '-addext'];
  execFileSync('openssl', ['req', '-x509', ...key, ...out, 'subjectAltName=DNS:localhost'], {
    cwd: folder,
    stdio: 'ignore',
  });
  const pem = (name: string) => readFileSync(join(folder, name));
  const messages: string[] = [];
  const syslog = createTlsServer({ key: pem('log.key'), cert: pem('log.pem') }, (socket) => {
    void text(socket).then((message) => messages.push(message));
    socket.on('error', () => {});
  }).listen(0, 'localhost');
  await once(syslog, 'listening');
  try {
    const file = join(folder, 'sent.jsonl');
    const secretFile = join(folder, 'secret');
    writeFileSync(secretFile, 'shared');
    const checkpoints = {
      interval: 10,
      file,
      webhook: { url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/hook`, secretFile },
      syslog: {
        host: 'localhost',
        port: (syslog.address() as AddressInfo).port,
        authority: join(folder, 'log.pem'),
      },
    };
    writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ checkpoints }));
    await host.startAgent();
    await until(() => existsSync(file) && posted.length > 1 && messages.length > 0);
    const [sent] = envelopes(readFileSync(file, 'utf8'));
    expect(sent).toMatchObject({ host: hostname(), seq: expect.any(Number) });
    expect((await verify(log, file)).stdout).toContain('chain intact');
    const { body = '', signature } = posted[1] ?? {};
    expect(signature).toBe(`sha256=${createHmac('sha256', 'shared').update(body).digest('hex')}`);
    const [, length = '', message = ''] = /^(\d+) (<109>1 .*)$/s.exec(messages[0] ?? '') ?? [];
    expect(Buffer.byteLength(message)).toBe(Number(length));
    expect(message).toMatch(/^<109>1 \S+Z \S+ prodng-agent \d+ checkpoint - \{"payload":/);
    const fromSyslog = join(folder, 'syslog.jsonl');
    writeFileSync(fromSyslog, message.slice(message.indexOf('{')));
    expect((await verify(log, fromSyslog)).stdout).toContain('chain intact');
    const events = await host.ok('events');
    expect(events).toMatch(/checkpoint-failed {2}sink=webhook {2}reason=.*HTTP 503/);
    expect(events).toMatch(/checkpoints-resumed {2}sink=webhook/);
  } finally {
    web.close();
    syslog.close();
  }
});

it('goes on when no sink accepts them, and reports it once', async () => {
  const taken = createTcpServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  taken.close();
  await once(taken, 'close');
  const checkpoints = { webhook: { url: `http://127.0.0.1:${port}/` }, file: join(folder, 'none/such') };
  writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ checkpoints }));
  await host.startAgent();
  const failures = async () => (await host.ok('events', '-n', '20')).match(/checkpoint-failed.*/g) ?? [];
  await until(async () => (await failures()).filter((line) => /ECONNREFUSED|ENOENT/.test(line)).length >= 2);
  const { pid } = host.agent();
  await until(async () => (await host.api('GET', '/v1/jails')).status === 200 && host.agent().pid === pid);
});
