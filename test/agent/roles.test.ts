import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Agent } from '../../src/agent/agent.ts';
import type { ApiServer } from '../../src/agent/api/api-schema.ts';
import type { RoleConfig } from '../../src/agent/api/client-role.ts';
import { listenOnTls, type TlsListener } from '../../src/agent/api/listen.ts';
import { roleNeeded, roles, routeRoles } from '../../src/agent/api/roles.ts';
import { makeServer } from '../../src/agent/api/server.ts';
import { PackageFinder } from '../../src/agent/packages/package-source.ts';
import { agentPaths } from '../../src/agent/state/agent-paths.ts';
import { run } from '../../src/system/process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp('/var/tmp/roles-');
});

afterAll(() => rm(folder, { recursive: true }));

/** An API without jails, whose folders are its own. */
async function serverWith(config: RoleConfig): Promise<ApiServer> {
  const at = (name: string) => join(folder, name);
  const paths = agentPaths(
    { state: at('state'), cache: at('cache'), run: at('run') },
    { PRODNG_CONFIG_DIR: at('etc') },
  );
  const agent = new Agent({
    paths,
    log: { size: 2 ** 16, rate: { seconds: 1, lines: 1, bytes: 1 } },
    keepVersions: 1,
    startsAtOnce: 1,
    admit: async () => {},
    mostOfTree: { entries: 1, bytes: 1 },
    raise: {},
    volumes: { withoutSize: 'allow', reserve: false },
    networks: { byName: {} },
    observation: { mode: 'off', recordNew: 0, keep: { runs: 1, bytes: 0 } },
    history: { seconds: 0, bytes: 0 },
    finder: new PackageFinder({ paths, signed: false }),
    roles: config,
  });
  const server = await makeServer(agent, { error: () => {} });
  await server.ready();
  return server;
}

const routes = Object.entries(routeRoles).map(([route, role]) => {
  const [method = '', url = ''] = route.split(' ', 2);
  return { method, url, role };
});

it('has a role for each route, and a route for each role', async () => {
  const server = await serverWith({});
  expect(routes.length).toBeGreaterThan(30);
  // a route without a role keeps the server from being made
  for (const { method, url } of routes)
    expect([`${method} ${url}`, server.hasRoute({ method: method as 'GET', url })]).toEqual([
      `${method} ${url}`,
      true,
    ]);
  expect(() => roleNeeded('POST', '/v1/nothing')).toThrow('no role is declared');
  await server.close();
});

it('lets admins alone execute, install, upgrade and take evidence', () => {
  const admins = routes.filter(({ role }) => role === 'admin').map(({ url }) => url);
  for (const url of [
    '/v1/jails',
    '/v1/jails/:name/exec',
    '/v1/jails/:name/upgrade',
    '/v1/jails/:name/evidence',
  ])
    expect(admins).toContain(url);
  expect(routes.filter(({ method, role }) => method !== 'GET' && role === 'viewer')).toEqual([]);
});

/** What reaches a handler is refused there or reads nothing: a body is no JSON, and no jail has that name. */
const pathOf = (url: string) =>
  url.replace(':name', 'missing').replace(':id', '0'.repeat(16)).replace(':credential', 'none');

describe('over TLS', () => {
  let server: ApiServer;
  let tls: TlsListener;
  let port: number;

  const file = (name: string) => join(folder, name);
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'ignore' });

  beforeAll(async () => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority');
    const subjects = {
      agent: '/CN=localhost',
      vic: '/CN=vic',
      op: '/OU=ops/CN=op',
      root: '/CN=root',
      none: '/CN=none',
    };
    for (const [name, subject] of Object.entries(subjects)) {
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-out',
        `${name}.pem`,
      );
    }
    server = await serverWith({
      certificates: [
        { name: 'vic', role: 'viewer' },
        { unit: 'ops', role: 'operator' },
        { name: 'root', role: 'admin' },
      ],
    });
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => probe.close(resolve));
    const files = { certificate: file('agent.pem'), key: file('agent.key'), clientAuthority: file('ca.pem') };
    tls = await listenOnTls(server, { address: '127.0.0.1', port, ...files }, { warn: () => {} });
  });

  afterAll(async () => {
    tls.close();
    await server.close();
  });

  function ask(client: string, method: string, path: string, headers: Record<string, string> = {}) {
    return new Promise<{ status: number; body: string }>((resolve, reject) => {
      const [cert, key, ca] = [`${client}.pem`, `${client}.key`, 'ca.pem'].map((name) =>
        readFileSync(file(name)),
      );
      const body = method === 'GET' ? undefined : '{';
      // for DELETE Node sends no length by itself
      const type =
        body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
      const asked = request(
        {
          host: '127.0.0.1',
          servername: 'localhost',
          port,
          method,
          path,
          cert,
          key,
          ca,
          agent: false,
          headers: { host: 'localhost', ...type, ...headers },
        },
        (response) => {
          text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
        },
      );
      asked.once('error', reject);
      asked.end(body);
    });
  }

  const clients = [
    { client: 'none', role: undefined },
    { client: 'vic', role: 'viewer' },
    { client: 'op', role: 'operator' },
    { client: 'root', role: 'admin' },
  ] as const;

  it.each(clients)('lets $client do what its role may, and nothing else', async ({ client, role }) => {
    for (const { method, url, role: needed } of routes) {
      const { status, body } = await ask(client, method, pathOf(url));
      const may = role !== undefined && roles.indexOf(role) >= roles.indexOf(needed);
      if (may) expect([method, url, status]).not.toEqual([method, url, 403]);
      else expect([method, url, status, body.includes('"ROLE"')]).toEqual([method, url, 403, true]);
    }
  });

  it('has the role for exec asked for before the connection is upgraded', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'prodng-exec' };
    const path = '/v1/jails/missing/exec?request=%7B%22argv%22%3A%5B%22true%22%5D%7D';
    for (const { client } of clients)
      expect([client, (await ask(client, 'GET', path, upgrade)).status]).toEqual([
        client,
        client === 'root' ? 404 : 403,
      ]);
  });

  it('tells nothing of unknown routes to a client without a role', async () => {
    expect((await ask('none', 'GET', '/v2')).status).toBe(403);
    expect((await ask('vic', 'GET', '/v2')).status).toBe(404);
  });
});

describe('over the socket', () => {
  it('goes by the groups of the process, of which the highest role counts', async () => {
    const server = await serverWith({ groups: { users: 'viewer', games: 'operator', staff: 'admin' } });
    const path = join(folder, 'agent.sock');
    chmodSync(folder, 0o755);
    server.server.listen(path);
    await once(server.server, 'listening');
    chmodSync(path, 0o666);
    const gid = (name: string) =>
      execFileSync('getent', ['group', name], { encoding: 'utf8' }).split(':')[2] ?? '';
    const status = async (groups: readonly string[], method: string, url: string, as = '65534') => {
      const who = [
        '--reuid',
        as,
        '--regid',
        gid('nogroup'),
        ...(groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.map(gid).join()]),
      ];
      const curl = [
        'curl',
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '-X',
        method,
        '--unix-socket',
        path,
      ];
      return Number((await run(['setpriv', ...who, ...curl, `http://agent${url}`])).stdout);
    };
    const read = ['GET', '/v1/jails'] as const;
    const stop = ['POST', '/v1/jails/missing/stop'] as const;
    const remove = ['DELETE', '/v1/jails/missing'] as const;
    expect(await status([], ...read)).toBe(403);
    expect([await status(['users'], ...read), await status(['users'], ...stop)]).toEqual([200, 403]);
    expect([await status(['users', 'games'], ...stop), await status(['games'], ...remove)]).toEqual([
      404, 403,
    ]);
    expect(await status(['staff'], ...remove)).toBe(404);
    // root needs no group
    expect(await status([], ...remove, '0')).toBe(404);
    await server.close();
  });

  it('lets each process that can connect do all where there are no rules', async () => {
    const server = await serverWith({});
    const answer = await server.inject({ method: 'DELETE', url: '/v1/jails/missing' });
    expect(answer.statusCode).toBe(404);
    await server.close();
  });
});
