import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readKey } from 'openpgp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { until } from '../support/jail-host.ts';
import {
  type LocalArchive,
  type LocalPackage,
  makeLocalArchive,
  type PublishOptions,
} from '../support/local-archive.ts';
import { makeSigningKey, type SigningKey } from '../support/signing-key.ts';

vi.setConfig({ testTimeout: 300_000 });

const name = 'archived';
let archive: LocalArchive;
let stranger: SigningKey;
let host: AgentHost;
let server: ArchiveServer;
let policy = false;
let fingerprint: string;

beforeAll(async () => {
  archive = await makeLocalArchive();
  stranger = await makeSigningKey('stranger');
  fingerprint = (await readKey({ armoredKey: archive.key.armor })).getFingerprint();
});

beforeEach(async () => {
  host = await makeAgentHost();
  server = await serveFolder(archive.folder);
  policy = false;
});

afterEach(async () => {
  await host.api('DELETE', `/v1/jails/${name}?purge=true`);
  await host.endAgent('SIGTERM');
  await server.close();
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
}, 120_000);

afterAll(async () => {
  await archive.remove();
  await stranger.remove();
});

async function start(): Promise<void> {
  const archives = await archive.writeSources(server.uri);
  const signaturePolicy = join(host.folder, 'signatures.json');
  await writeFile(
    signaturePolicy,
    JSON.stringify({ keyring: [archive.keyring], require: [{ name: 'archive', keys: [fingerprint] }] }),
  );
  const config = { archives, ...(policy ? { signaturePolicy } : {}) };
  await writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify(config));
  await host.startAgent();
}

async function jail(version: string): Promise<LocalPackage> {
  const deb = await host.jail({
    name,
    control: (text) => text.replace('Version: 1.0-1', `Version: ${version}`),
    fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"',
  });
  return { name, version, deb };
}

async function publish(versions: readonly string[], options?: PublishOptions): Promise<void> {
  await archive.publish([{ name: 'aaa', version: '1' }, ...(await Promise.all(versions.map(jail)))], options);
}

/** Nothing was installed, and nothing lies about. */
async function expectNothing(): Promise<void> {
  expect(await host.json('ls', '--json')).toEqual([]);
  const trees = readdirSync(join(host.folder, 'state/installed/jails'));
  expect(trees.filter((tree) => !tree.endsWith('.lock'))).toEqual([]);
}

const version = async () => (await host.summary(name))?.version;

it('installs the newest version in the order of Debian, or the one that is asked for, and upgrades', async () => {
  await publish(['1.9-1', '1.10~rc1-1']);
  await start();
  expect(await host.ok('install', name)).toContain(`${name} 1.10~rc1-1 is installed and running`);
  await host.ok('rm', name);
  await host.ok('install', '--no-start', `${name}=1.9-1`);
  expect(await version()).toBe('1.9-1');
  await publish(['1.9-1', '1.10~rc1-1', '1.10-1']);
  await host.ok('upgrade', name);
  expect(await version()).toBe('1.10-1');
  // nothing of what was fetched stays
  const fetched = readdirSync(join(host.folder, 'cache/agent/store/sha256'), { recursive: true });
  expect(fetched.map(String).filter((path) => path.length > 10)).toEqual([]);

  await publish(['1.9-1'], { date: new Date() });
  expect(await host.prodng(['upgrade', name])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('the archives have 1.9-1, older than 1.10-1'),
  });
  await host.ok('upgrade', name, `${name}=1.9-1`);
  expect(await version()).toBe('1.9-1');
  expect(await host.prodng(['install', 'absent'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no configured archive has a package absent'),
  });
  expect(await host.prodng(['upgrade', name, `${name}=7`])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is: 1.9-1'),
  });
});

it('finds the first package of an index too', async () => {
  await archive.publish([await jail('1.0-1')]);
  await start();
  await host.ok('install', '--no-start', name);
});

const day = 86_400_000;

describe('an archive that is not to be trusted', () => {
  it.each<[string, () => PublishOptions, string]>([
    ['is signed by a stranger', () => ({ signedWith: stranger }), 'its signature cannot be verified'],
    ['is not signed', () => ({ signedWith: 'none' }), 'it is not signed'],
    ['is past its time', () => ({ validUntil: new Date(Date.now() - 1000) }), 'past its Valid-Until'],
  ])('%s', async (_, options, reason) => {
    await publish(['1.0-1'], options());
    await start();
    expect(await host.prodng(['install', name])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(reason),
    });
    await expectNothing();
  });

  it('goes back in time, and is found out even when the cache is gone', async () => {
    await publish(['1.0-1'], { date: new Date(Date.now() - day) });
    await start();
    await host.ok('install', '--no-start', name);
    await host.ok('rm', name);
    await publish(['0.9-1'], { date: new Date(Date.now() - 2 * day) });
    await host.endAgent('SIGTERM');
    host.env.PRODNG_CACHE_DIR = join(host.folder, 'another-cache');
    await host.startAgent();
    expect(await host.prodng(['install', name])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('and has been of'),
    });
    await expectNothing();
  });

  it('serves a package with a flipped byte', async () => {
    await publish(['1.0-1']);
    await start();
    server.fault = ({ target }) => {
      if (!target.endsWith('.deb')) return undefined;
      const bytes = readFileSync(join(archive.folder, decodeURIComponent(target)));
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
      return { kind: 'bytes', bytes };
    };
    expect(await host.prodng(['install', name])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('other bytes than'),
    });
    await expectNothing();
  });

  it('does not answer', async () => {
    await publish(['1.0-1']);
    await start();
    await server.close();
    expect(await host.prodng(['install', name])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('cannot be reached'),
    });
    await expectNothing();
  });

  it("has a package that this host's signature policy does not take", async () => {
    policy = true;
    await publish(['1.0-1']);
    await start();
    expect(await host.prodng(['install', name])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("this host's policy does not take it"),
    });
    await expectNothing();
  });
});

it('goes on where it was cut off when the agent is killed in the middle', async () => {
  await publish(['1.0-1']);
  await start();
  const after = 300_000;
  server.fault = ({ target }) => (target.endsWith('.deb') ? { kind: 'stall', after } : undefined);
  const installing = host.prodng(['install', '--no-start', name]);
  const folder = join(host.folder, 'cache/agent/store/partial');
  await until(() => {
    try {
      return readdirSync(folder).some(
        (file) => file.endsWith('.part') && readFileSync(join(folder, file)).length === after,
      );
    } catch {
      return false;
    }
  });
  await host.endAgent('SIGKILL');
  expect(await installing).toMatchObject({ status: 2 });
  await host.startAgent();
  await expectNothing();
  server.fault = () => undefined;
  await host.ok('install', '--no-start', name);
  expect(server.requests.at(-1)?.range).toBe(`bytes=${after}-`);
  expect(await version()).toBe('1.0-1');
});

describe('by address', () => {
  let deb: string;
  let sha256: string;
  const target = 'web.deb';
  const url = () => `${server.uri}/${target}`;

  beforeEach(async () => {
    deb = (await jail('1.0-1')).deb ?? '';
    const bytes = await readFile(deb);
    sha256 = createHash('sha256').update(bytes).digest('hex');
    await publish(['1.0-1']);
    await writeFile(join(archive.folder, target), bytes);
    await start();
  });

  it('installs what has the digest that was given, and nothing else', async () => {
    expect(await host.prodng(['install', url()])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('nothing says what it should be'),
    });
    expect(await host.prodng(['install', '--sha256', 'a'.repeat(64), url()])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`has SHA256 ${sha256}`),
    });
    expect(await host.prodng(['install', '--sha256', sha256, `${url()}x`])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('not found'),
    });
    await expectNothing();
    await host.ok('install', '--no-start', '--sha256', sha256, url());
    expect(await version()).toBe('1.0-1');
  });

  it('follows no redirection to a file of the host', async () => {
    server.fault = () => ({ kind: 'redirect', to: `file://${deb}` });
    expect(await host.prodng(['install', '--sha256', sha256, url()])).toMatchObject({ status: 2 });
    await expectNothing();
  });

  it('tells a password to nobody else', async () => {
    const authorizations: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      authorizations.push(request.headers.authorization);
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await until(() => other.listening);
    const { port } = other.address() as AddressInfo;
    server.fault = () => ({ kind: 'redirect', to: `http://127.0.0.1:${port}/web.deb` });
    const secret = url().replace('http://', 'http://jane:hidden@').concat('?token=hidden');
    const { status, stderr } = await host.prodng(['install', '--sha256', sha256, secret]);
    expect(status).toBe(2);
    expect(authorizations).toEqual([undefined]);
    expect(stderr).not.toContain('jane:hidden');
    server.fault = () => undefined;
    await host.ok('install', '--no-start', '--sha256', sha256, secret);
    expect(readFileSync(join(host.folder, 'state/events.jsonl'), 'utf8')).not.toContain('hidden');
    expect(host.said()).not.toContain('hidden');
    other.close();
  });

  it.each([
    [{ url: 'file:///etc/passwd', sha256: 'a'.repeat(64) }],
    [{ path: '/a.deb', package: 'web' }],
    [{ path: '/a.deb', sha256: 'a'.repeat(64) }],
    [{ package: '../web' }],
    [{}],
  ])('refuses the request %j', async (body) => {
    const answer = await host.api('POST', '/v1/jails', JSON.stringify(body));
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('USAGE') });
  });
});
