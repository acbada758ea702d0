import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
});

afterEach(async () => {
  await host.endAgent('SIGTERM').catch(() => {});
  await host.remove();
});

/** A certificate of an authority of its own, and a client's of the same. */
function makeCertificates(folder: string): void {
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  for (const name of ['ours', 'theirs'])
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  for (const [name, authority] of [
    ['server', 'ours'],
    ['friend', 'ours'],
    ['stranger', 'theirs'],
  ] as const) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost');
    const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.pem`);
  }
}

/** The authority's list of revoked certificates, with these in it. */
function revoke(folder: string, ...names: string[]): void {
  const ca = ['ca', '-config', 'ca.cnf', '-cert', 'ours.pem', '-keyfile', 'ours.key'];
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'ignore' });
  writeFileSync(join(folder, 'ca.cnf'), '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\n');
  writeFileSync(join(folder, 'index'), '');
  for (const name of names) openssl(...ca, '-revoke', `${name}.pem`);
  openssl(...ca, '-gencrl', '-crldays', '2', '-out', 'revoked.pem');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return address.port;
}

/** Connections that say nothing, for as long as `work` takes; it can ask how many of them were closed to us. */
async function crowd(
  port: number,
  size: number,
  work: (closed: () => number) => Promise<void>,
): Promise<void> {
  let closed = 0;
  const sockets = Array.from({ length: size }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.once('close', () => (closed += 1));
  }
  try {
    await work(() => closed);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

it('answers over TLS to clients with a certificate of its authority, and to nobody else', async () => {
  const folder = join(host.folder, 'pki');
  await mkdir(folder);
  makeCertificates(folder);
  revoke(folder);
  const port = await freePort();
  const file = (name: string) => join(folder, name);
  const tls = {
    address: '127.0.0.1',
    port,
    certificate: file('server.pem'),
    key: file('server.key'),
    clientAuthority: file('ours.pem'),
    revoked: file('revoked.pem'),
  };
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ tls }));
  await host.startAgent();
  const curl = (...argv: string[]) =>
    run(['curl', '--silent', '--cacert', file('ours.pem'), ...argv, `https://localhost:${port}/v1/jails`], {
      accept: Array.from({ length: 100 }, (_, status) => status),
    });
  const as = (name: string) => ['--cert', file(`${name}.pem`), '--key', file(`${name}.key`)];
  expect(await curl(...as('friend'))).toMatchObject({ exitCode: 0, stdout: '[]' });
  expect((await curl(...as('stranger'))).exitCode).not.toBe(0);
  expect((await curl()).exitCode).not.toBe(0);
  expect((await curl('--tls-max', '1.2', ...as('friend'))).exitCode).not.toBe(0);
  await crowd(port, 1100, async (closed) => {
    // item 16: idle strangers lock nobody out
    await until(async () => closed() >= 1000);
    expect(await curl(...as('friend'))).toMatchObject({ exitCode: 0, stdout: '[]' });
    expect((await host.api('GET', '/v1/jails')).status).toBe(200);
  });
  // item 15: a page of another site, and a name of its own that leads here
  const refused = (...argv: string[]) =>
    curl(...as('friend'), '--output', '/dev/null', '--write-out', '%{http_code}', ...argv);
  expect((await refused('--request', 'POST', '--header', 'Origin: https://evil.example.org')).stdout).toBe(
    '403',
  );
  expect((await refused('--header', 'Host: evil.example.org')).stdout).toBe('403');
  expect((await refused('--header', `Origin: https://localhost:${port}`)).stdout).toBe('200');
  expect(await curl(...as('friend'))).toMatchObject({ exitCode: 0 });
  revoke(folder, 'friend');
  host.agent().kill('SIGHUP');
  await until(() => host.said().includes('read anew'));
  expect((await curl(...as('friend'))).exitCode).not.toBe(0);
  await writeFile(file('server.key'), 'no key');
  host.agent().kill('SIGHUP');
  await until(() => host.said().includes('as they were'));
  expect((await host.api('GET', '/v1/jails')).status).toBe(200);
});

it('ends at once, whoever follows it or runs a program through it, and the jail goes on', async () => {
  await host.startAgent();
  await host.ok('install', await host.jail({ fields: 'Jail-Command: /bin/sleep 1000' }));
  const pid = Number((await host.summary())?.pid);
  const followers = [
    ['events', '-f'],
    ['top', host.name],
    ['exec', host.name, '--', '/bin/sh', '-c', 'echo; exec sleep 1000'],
  ];
  await Promise.all(
    followers.map(async (argv) => {
      const child = host.start(argv);
      if (child.stdout !== null) await once(child.stdout, 'data');
    }),
  );
  await host.endAgent('SIGTERM');
  expect(await readFile(join(host.folder, 'state/events.jsonl'), 'utf8')).toContain('agent-stopped');
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain('sleep');
  await host.startAgent();
  expect((await host.summary())?.pid).toBe(pid);
  await host.ok('rm', '--purge', host.name);
});

it('closes its socket to everybody but root and its group', async () => {
  await host.startAgent();
  expect(statSync(join(host.folder, 'run/agent.sock')).mode & 0o777).toBe(0o660);
  const refused = await host.prodng(['agent']);
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('an agent runs already') });
});

it('refuses a configuration that it does not understand, naming the place', async () => {
  await writeFile(join(host.folder, 'etc/agent.json'), '{"keepVersions": 0, "colour": "red"}');
  const refused = await host.prodng(['agent']);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/agent\.json:.*colour.*keepVersions/s);
});

it('says to systemd that it is ready, and that it lives', async () => {
  const path = join(host.folder, 'notify');
  // Node has no datagrams of unix(7): systemd's own tool would need systemd
  const listener = spawn('python3', [
    '-uc',
    'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("bound")\n' +
      'while True: print(s.recv(99).decode())',
    path,
  ]);
  let said = '';
  listener.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => said.includes('bound'));
  await host.startAgent({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' });
  await until(() => /READY=1\n(WATCHDOG=1\n){2}/.test(said));
  await host.endAgent('SIGTERM');
  await until(() => said.includes('STOPPING=1'));
  listener.kill();
});

it('takes only what is signed as the policy asks', async () => {
  const policy = join(host.folder, 'etc/signatures.json');
  await writeFile(policy, '{"keyring": [], "require": [{"name": "release", "keys": [], "atLeast": 1}]}');
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ signaturePolicy: policy }));
  await host.startAgent();
  const refused = await host.prodng(['install', await host.jail()]);
  expect(refused.status).not.toBe(0);
  expect(await host.ok('ls', '--format', 'name')).toBe('');
  expect(await readFile(join(host.folder, 'state/events.jsonl'), 'utf8')).not.toContain('installed');
});
