import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { endOf, until } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
});

afterEach(async () => {
  await host.endAgent('SIGTERM').catch(() => {});
  await host.remove();
});

it('exits with a message when it cannot start whole, and leaves nothing that keeps the next one from it', async () => {
  const faults: [() => Promise<Record<string, string>>, string][] = [
    [
      async () => ({ PRODNG_RUN_DIR: join(host.folder, 'run'.repeat(40)) }),
      "a socket's path has at most 107 bytes",
    ],
    [
      async () => {
        await mkdir(join(host.folder, 'state'));
        await writeFile(join(host.folder, 'state/jails'), '');
        return {};
      },
      'state/jails',
    ],
  ];
  for (const [make, message] of faults) {
    const env = await make();
    // the second of them would find a lock that the first has kept
    for (let tries = 0; tries < 2; tries++) {
      const ended = await endOf(host.start(['agent'], { env }));
      expect(ended.stderr).toContain(message);
      expect(ended.status).toBeGreaterThanOrEqual(2);
    }
  }
  await rm(join(host.folder, 'state/jails'));
  await host.startAgent();
});

/** A certificate of its own authority, for both ends. */
function makeCertificate(folder: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const out = ['-keyout', 'both.key', '-out', 'both.pem', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', '-x509', ...key, ...out], { cwd: folder, stdio: 'ignore' });
}

async function takenPort(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return { server, port: address.port };
}

async function kinds(): Promise<string> {
  const events: { kind: string; detail?: { reason?: string } }[] = JSON.parse(
    (await host.api('GET', '/v1/events')).body,
  );
  return events.map(({ kind, detail }) => `${kind} ${detail?.reason ?? ''}`).join('\n');
}

it('answers on its socket whatever becomes of TLS, tells that, and tries it again', async () => {
  const { server, port } = await takenPort();
  const folder = join(host.folder, 'pki');
  const file = (name: string) => join(folder, name);
  const tls = {
    address: '127.0.0.1',
    port,
    certificate: file('both.pem'),
    key: file('both.key'),
    clientAuthority: file('both.pem'),
  };
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ tls }));
  await host.startAgent();
  await until(async () => (await kinds()).includes('tls-failed'));
  expect(await kinds()).toContain('both.pem: cannot be read');
  await mkdir(folder);
  makeCertificate(folder);
  host.agent().kill('SIGHUP');
  await until(async () => /tls-failed .*address already in use/i.test(await kinds()));
  server.close();
  await until(async () => (await kinds()).includes('tls-listening'));
  const own = ['--cacert', file('both.pem'), '--cert', file('both.pem'), '--key', file('both.key')];
  const url = `https://localhost:${port}/v1/jails`;
  expect(execFileSync('curl', ['--silent', ...own, url]).toString()).toBe('[]');
});

it('ends at the first SIGTERM while TLS cannot be opened', async () => {
  const absent = '/nonexistent.pem';
  const tls = { certificate: absent, key: absent, clientAuthority: absent };
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ tls }));
  await host.startAgent();
  await until(async () => (await kinds()).includes('tls-failed'));
  host.agent().kill('SIGTERM');
  const [status]: unknown[] = await once(host.agent(), 'exit');
  expect(status).toBe(0);
});
