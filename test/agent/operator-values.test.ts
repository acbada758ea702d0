import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CredentialStore } from '../../src/agent/operator/credential-store.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  await host.api('DELETE', `/v1/jails/${host.name}?purge=true`);
});

afterAll(async () => {
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

function version(number: string, fields: string, files: Record<string, string> = {}): Promise<string> {
  return host.jail({
    fields,
    files,
    control: (text) => text.replace('Version: 1.0-1', `Version: ${number}-1`),
  });
}

async function restart(): Promise<void> {
  expect((await host.api('POST', `/v1/jails/${host.name}/restart`)).status).toBe(200);
}

const sleeps = 'Jail-Command: /bin/sh -c "exec sleep 1000"\nJail-Stop: SIGKILL';

/** Of what has happened to the jail since one of that name was removed. */
async function kinds(): Promise<string[]> {
  const events: { kind: string; jail?: string }[] = JSON.parse((await host.api('GET', '/v1/events')).body);
  const own = events
    .filter(({ jail, kind }) => jail === host.name && kind !== 'exec')
    .map(({ kind }) => kind);
  return own.slice(own.lastIndexOf('removed') + 1);
}

const secret = 'hunter2-of-this-test-alone';

describe('prodng credential', () => {
  const fields = `Jail-Credentials: db-password\n tls-key optional\n${sleeps}`;

  it('gives the service a file that is in no other place', async () => {
    await host.ok('install', '--no-start', await version('1.0', fields));
    const early = await host.prodng(['start', host.name]);
    expect(early).toMatchObject({ status: 2 });
    expect(early.stderr).toContain(`prodng credential set ${host.name} db-password < FILE`);
    const set = await host.prodng(['credential', 'set', host.name, 'db-password'], { input: secret });
    expect(set).toMatchObject({ status: 0, stderr: '' });
    await host.ok('start', host.name);
    const read = ['exec', host.name, '--', '/bin/cat', '/run/credentials/db-password'];
    expect(await host.ok(...read)).toBe(secret);
    const said = [
      set.stdout,
      host.said(),
      await host.ok('inspect', host.name),
      await host.ok('events', '--json'),
      await host.ok('credential', 'ls', host.name, '--json'),
      await host.ok('exec', host.name, '--', '/bin/env'),
      ...processes(),
      ...filesBelow(host.folder),
    ];
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((text) => text.includes(secret))).toEqual([]);
  });

  it('keeps it encrypted and closed, lists it by name, and removes it', async () => {
    await host.ok('install', '--no-start', await version('1.0', fields));
    await host.prodng(['credential', 'set', host.name, 'db-password'], { input: secret });
    const folder = join(host.env.PRODNG_STATE_DIR ?? '', 'credentials', host.name);
    const file = join(folder, 'db-password');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'latin1')).toMatch(/^prodng-credential 1 systemd-creds\n/);
    expect(await host.json('credential', 'ls', host.name, '--json')).toMatchObject([
      { name: 'db-password', declared: true, required: true, encrypted: true },
      { name: 'tls-key', declared: true, required: false },
    ]);
    expect(await host.ok('credential', 'rm', host.name, 'db-password')).toContain('is removed');
    expect(existsSync(file)).toBe(false);
    expect(await host.prodng(['credential', 'rm', host.name, 'db-password'])).toMatchObject({ status: 2 });
  });

  it('refuses what is not declared, too long or from a terminal, and forgets all with the jail', async () => {
    await host.ok('install', '--no-start', await version('1.0', fields));
    const other = await host.prodng(['credential', 'set', host.name, 'other'], { input: secret });
    expect(other).toMatchObject({ status: 2 });
    expect(other.stderr).toContain('Jail-Credentials: other is not declared');
    const long = await host.prodng(['credential', 'set', host.name, 'tls-key'], {
      input: 'x'.repeat(128 * 1024 + 1),
    });
    expect(long).toMatchObject({ status: 2 });
    await host.prodng(['credential', 'set', host.name, 'tls-key'], { input: 'x'.repeat(128 * 1024) });
    const folder = join(host.env.PRODNG_STATE_DIR ?? '', 'credentials', host.name);
    expect(readdirSync(folder)).toEqual(['tls-key']);
    await host.ok('rm', host.name);
    expect(existsSync(folder)).toBe(false);
    const terminal = host.terminal(['credential', 'set', host.name, 'tls-key']);
    expect(await terminal.status()).toBe(2);
    expect(terminal.output()).toContain('standard input is a terminal');
  });
});

/** Command lines and environments of all processes of this host but our own. */
function processes(): string[] {
  const own = new Set([String(process.pid), String(process.ppid)]);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !own.has(name))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => contentOf(`/proc/${pid}/${file}`)));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map(contentOf);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // it has ended
    return '';
  }
}

describe('the store of credentials', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp('/var/tmp/credentials-');
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('has bytes of every kind back, encrypted or not', async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
    for (const [store, encrypted] of [
      [new CredentialStore(join(folder, 'a')), true],
      [new CredentialStore(join(folder, 'b'), 'systemd-creds-that-is-not-installed'), false],
    ] as const) {
      expect(await store.set('web@2', 'key', bytes)).toEqual({ encrypted });
      expect(await store.list('web@2')).toMatchObject([{ name: 'key', encrypted }]);
      expect(Buffer.from((await store.read('web@2', ['key', 'none'])).key ?? [])).toEqual(bytes);
    }
  });

  it('opens none of another jail or name, nor a damaged one', async () => {
    const store = new CredentialStore(join(folder, 'c'));
    await store.set('web', 'key', Buffer.from('x'));
    await store.set('shop', 'key', Buffer.from('y'));
    const sealed = readFileSync(join(folder, 'c/web/key'));
    await writeFile(join(folder, 'c/shop/key'), sealed);
    await expect(store.read('shop', ['key'])).rejects.toMatchObject({ code: 'HOST_LACKS' });
    await writeFile(join(folder, 'c/web/key'), 'x');
    await expect(store.read('web', ['key'])).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe('prodng configuration', () => {
  const fields = `Jail-Configuration: /etc/box.conf\n${sleeps}`;
  const inJail = () => host.ok('exec', host.name, '--', '/bin/cat', '/etc/box.conf');
  const set = (text: string) =>
    host.prodng(['configuration', 'set', host.name, '/etc/box.conf'], { input: text });

  it('replaces a file, and a rollback brings back what the version had', async () => {
    await host.ok('install', await version('1.0', fields, { 'etc/box.conf': 'of the package' }));
    expect(await inJail()).toBe('of the package');
    expect(await set('first')).toMatchObject({ status: 0 });
    await restart();
    expect(await inJail()).toBe('first');
    await host.ok('upgrade', host.name, await version('1.1', fields, { 'etc/box.conf': 'of 1.1' }));
    expect(await inJail()).toBe('first');
    await set('second');
    await restart();
    expect(await inJail()).toBe('second');
    await host.ok('rollback', host.name);
    expect(await inJail()).toBe('first');
    await host.ok('configuration', 'rm', host.name, '/etc/box.conf');
    await restart();
    expect(await inJail()).toBe('of the package');
    // only what a version that is kept has
    expect(readdirSync(join(host.env.PRODNG_STATE_DIR ?? '', 'configuration', host.name))).toHaveLength(1);
  });

  it('refuses a file that is not declared, and an upgrade to a version that has it no more', async () => {
    await host.ok('install', await version('1.0', fields, { 'etc/box.conf': 'x' }));
    const other = await host.prodng(['configuration', 'set', host.name, '/etc/passwd'], { input: 'x' });
    expect(other).toMatchObject({ status: 2 });
    expect(other.stderr).toContain('Jail-Configuration: /etc/passwd is not declared');
    await set('mine');
    const upgrade = await host.prodng(['upgrade', host.name, await version('1.1', sleeps)]);
    expect(upgrade).toMatchObject({ status: 2 });
    expect(upgrade.stderr).toContain(`prodng configuration rm ${host.name} /etc/box.conf`);
    expect(await host.summary()).toMatchObject({ version: '1.0-1', state: 'running' });
  });
});

describe('prodng set setting.NAME', () => {
  it('is in the environment from the next start, and matches the declared pattern', async () => {
    const fields = `Jail-Settings: LEVEL pattern=debug|info default=info\n${sleeps}`;
    await host.ok('install', await version('1.0', fields));
    const level = async () =>
      (await host.ok('exec', host.name, '--', '/bin/cat', '/proc/1/environ'))
        .split('\0')
        .find((line) => line.startsWith('LEVEL='));
    expect(await level()).toBe('LEVEL=info');
    await host.ok('set', host.name, 'setting.LEVEL=debug', 'order=7');
    await restart();
    expect(await level()).toBe('LEVEL=debug');
    for (const wrong of ['setting.LEVEL=all', 'setting.PATH=/tmp'])
      expect(await host.prodng(['set', host.name, wrong])).toMatchObject({ status: 2 });
    await host.ok('set', host.name, 'setting.LEVEL=');
    expect(await host.json('inspect', host.name)).toMatchObject({ overrides: { order: 7 } });
    await restart();
    expect(await level()).toBe('LEVEL=info');
  });
});

describe('Jail-Prepare', () => {
  const volume = 'Jail-Filesystem: rw /var/lib/box';
  const prepared = (script: string, command = sleeps) =>
    version('1.0', `${volume}\nJail-Prepare: /bin/sh -c "${script}"\n${command}`);
  const tries = () => host.ok('exec', host.name, '--', '/bin/cat', '/var/lib/box/tries');

  it('runs once before the first start', async () => {
    await host.ok('install', await prepared('echo try >> /var/lib/box/tries'));
    await restart();
    expect(await tries()).toBe('try\n');
    expect(await kinds()).toEqual(['installed', 'preparing', 'prepared', 'started', 'stopped', 'started']);
  });

  it('runs again at the next start when it fails', async () => {
    const second = 'echo try >> /var/lib/box/tries; grep -c try /var/lib/box/tries | grep -q 2';
    const install = await host.prodng(['install', await prepared(second)]);
    expect(install).toMatchObject({ status: 2 });
    expect(install.stderr).toContain('Jail-Prepare failed with status 1');
    await host.ok('start', host.name);
    expect(await tries()).toBe('try\ntry\n');
  });

  it('is ended by prodng stop when it does not end', async () => {
    const path = await prepared('exec sleep 1000');
    const install = host.prodng(['install', path]);
    await until(async () => (await kinds()).includes('preparing'));
    await host.ok('stop', host.name);
    const ended = await install;
    expect(ended).toMatchObject({ status: 2 });
    expect(ended.stderr).toContain('Jail-Prepare was ended by another operation');
    expect(await host.summary()).toMatchObject({ state: 'stopped', desired: 'stopped' });
  });

  it('is begun again by the next agent when the agent is killed meanwhile', async () => {
    const path = await prepared(
      'echo try >> /var/lib/box/tries; test -e /var/lib/box/go && exit 0; exec sleep 1000',
    );
    const install = host.prodng(['install', path]);
    const inVolume = () =>
      readdirSync(join(host.env.PRODNG_STATE_DIR ?? '', 'volumes', host.name), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.endsWith('.new'))
        .map(({ name }) => join(host.env.PRODNG_STATE_DIR ?? '', 'volumes', host.name, name))[0] ?? '';
    await until(async () => {
      try {
        return existsSync(join(inVolume(), 'tries'));
      } catch {
        return false;
      }
    });
    await host.endAgent('SIGKILL');
    await install;
    await writeFile(join(inVolume(), 'go'), '');
    await host.startAgent();
    await until(async () => (await host.summary())?.state === 'running');
    expect(await tries()).toBe('try\ntry\n');
  });
});
