import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { takeRemoteOptions } from '../../src/cli/terminal/remote-options.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;
let port: number;

const file = (name: string) => join(host.folder, name);
const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: host.folder, stdio: 'ignore' });

beforeAll(async () => {
  host = await makeAgentHost();
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => probe.close(resolve));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  for (const name of ['localhost', 'alice', 'vic']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-out', `${name}.pem`);
  }
  const config = {
    tls: {
      address: '127.0.0.1',
      port,
      certificate: file('localhost.pem'),
      key: file('localhost.key'),
      clientAuthority: file('ca.pem'),
    },
    roles: {
      certificates: [
        { name: 'alice', role: 'admin' },
        { name: 'vic', role: 'viewer' },
      ],
    },
  };
  writeFileSync(join(host.env.PRODNG_CONFIG_DIR ?? '', 'agent.json'), JSON.stringify(config));
  await host.startAgent();
  await host.ok(
    'install',
    await host.jail({ fields: 'Jail-Command: /bin/sh -c "echo up; exec sleep 1000"' }),
  );
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** From a host with other folders. */
const elsewhere = () => ({ PRODNG_RUN_DIR: file('none'), XDG_CONFIG_HOME: file('config') });
const remote = (client: string, ...argv: string[]) =>
  host.prodng(
    [
      '--host',
      `https://localhost:${port}`,
      '--cert',
      file(`${client}.pem`),
      '--key',
      file(`${client}.key`),
      `--ca=${file('ca.pem')}`,
      ...argv,
    ],
    { env: elsewhere() },
  );

it('has commands talk with the agent of another host', async () => {
  expect(await remote('alice', 'ls', '--format', 'name')).toMatchObject({
    status: 0,
    stdout: `${host.name}\n`,
  });
  const exec = await host.prodng(
    [
      '--host',
      `https://localhost:${port}`,
      '--cert',
      file('alice.pem'),
      '--key',
      file('alice.key'),
      '--ca',
      file('ca.pem'),
      'exec',
      host.name,
      '--',
      '/bin/sh',
      '-c',
      'cat; exit 9',
    ],
    { env: elsewhere(), input: 'through it' },
  );
  expect(exec).toMatchObject({ status: 9, stdout: 'through it' });
  await until(async () => (await remote('vic', 'logs', host.name)).stdout === 'up\n');
});

it('has a viewer refused what changes anything, with a code and a hint', async () => {
  const refused = await remote('vic', 'stop', host.name, '--json');
  expect(refused.status).toBe(2);
  expect(JSON.parse(refused.stderr)).toMatchObject({
    error: { code: 'ROLE', message: expect.stringContaining('this needs the role operator') },
  });
  expect(await host.summary()).toMatchObject({ state: 'running' });
  expect((await remote('vic', 'exec', host.name, '--', '/bin/true')).stderr).toContain(
    'needs the role admin',
  );
});

it('knows agents by names', async () => {
  mkdirSync(file('config/prodng'), { recursive: true });
  const lab = {
    host: `https://localhost:${port}`,
    cert: file('vic.pem'),
    key: file('vic.key'),
    ca: file('ca.pem'),
  };
  writeFileSync(file('config/prodng/remotes.json'), JSON.stringify({ lab }));
  const named = await host.prodng(['--host', 'lab', 'ls', '--format', 'name'], { env: elsewhere() });
  expect(named).toMatchObject({ status: 0, stdout: `${host.name}\n` });
  const unknown = await host.prodng(['--host', 'shop', 'ls'], { env: elsewhere() });
  expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining('no remote of that name') });
});

it("says what is wrong: an authority that is not the agent's, a file of this host, a command of this host", async () => {
  const argv = ['--host', `https://localhost:${port}`, '--cert', file('vic.pem'), '--key', file('vic.key')];
  const stranger = await host.prodng([...argv, '--ca', file('other.pem'), 'ls'], { env: elsewhere() });
  expect(stranger).toMatchObject({ status: 2, stderr: expect.stringContaining(`https://localhost:${port}`) });
  const local = await remote('alice', 'install', './box.deb');
  expect(local).toMatchObject({ status: 2, stderr: expect.stringContaining('does not have that file') });
  const build = await remote('alice', 'build', '.');
  expect(build).toMatchObject({ status: 2, stderr: expect.stringContaining('works on this host') });
  expect(await host.prodng(['--host', 'http://localhost', 'ls'])).toMatchObject({ status: 2 });
});

it('takes its options before the command only', () => {
  expect(takeRemoteOptions(['--host', 'lab', '--ca=x', 'exec', 'web', '--', '--host', 'y'])).toEqual({
    remote: { host: 'lab', ca: 'x' },
    rest: ['exec', 'web', '--', '--host', 'y'],
  });
  expect(() => takeRemoteOptions(['--host'])).toThrow('--host needs a value');
});
