import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';

let host: JailHost;

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

function put(name: string, text: string): string {
  const path = join(host.folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('Jail-Settings', () => {
  const fields = 'Jail-Settings: LEVEL pattern=debug|info default=info';

  it('are in the environment: the default, or what the operator sets', async () => {
    expect((await host.script(fields, 'echo $LEVEL')).stdout).toBe('info\n');
    expect((await host.script(fields, 'echo $LEVEL', '--setting', 'LEVEL=debug')).stdout).toBe('debug\n');
  });

  it('are refused where they do not match or are not declared', async () => {
    const wrong = await host.script(fields, 'true', '--setting', 'LEVEL=all', '--setting', 'PATH=/tmp');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('PATH is not declared');
    expect(wrong.stderr).toContain('LEVEL: "all" does not match debug|info');
  });
});

describe('Jail-Credentials', () => {
  const fields = 'Jail-Credentials: db-password\n tls-key optional';

  it('are files in memory that the service alone can read', async () => {
    const file = put('secret', 'hunter2');
    const script =
      'cd /run/credentials; cat db-password; echo; ls; stat -c "%a %u %g" . db-password; ' +
      'echo x > db-password; rm db-password; touch new; grep " /run/credentials " /proc/mounts; env';
    const { stdout, status } = await host.script(fields, script, '--credential', `db-password=${file}`);
    const [content, list, folder, credential, mount, ...environment] = stdout.trim().split('\n');
    expect({ content, list, folder, credential }).toEqual({
      content: 'hunter2',
      list: 'db-password',
      folder: '500 999 998',
      credential: '400 999 998',
    });
    expect(mount).toMatch(/^\S+ \/run\/credentials tmpfs ro,nosuid,nodev,noexec/);
    expect(environment.join()).not.toContain('hunter2');
    expect(status).toBe(0);
  });

  it('leave no copy among the files of the host', async () => {
    const file = put('secret', 'hunter2-unique-on-this-host');
    const { stdout } = await host.script(
      fields,
      'cat /run/credentials/*',
      '--credential',
      `db-password=${file}`,
    );
    expect(stdout).toBe('hunter2-unique-on-this-host');
    const holding = readdirSync(host.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(host.folder, name))
      .filter((path) => existsSync(path) && statSync(path).isFile() && statSync(path).size < 2 ** 20)
      .filter((path) => readFileSync(path).includes('hunter2-unique-on-this-host'));
    expect(holding).toEqual([file]);
  });

  it('keep a jail from starting that lacks a required one, and hold nothing that is not declared', async () => {
    const missing = await host.script(fields, 'echo started');
    expect(missing).toMatchObject({ status: 2, stdout: '' });
    expect(missing.stderr).toContain('Jail-Credentials: db-password is required and not given');
    const file = put('secret', 'x');
    const other = await host.script(
      fields,
      'echo started',
      '--credential',
      `db-password=${file}`,
      '--credential',
      `other=${file}`,
    );
    expect(other).toMatchObject({ status: 2, stdout: '' });
    expect(other.stderr).toContain('Jail-Credentials: other is not declared');
  });
});

describe('Jail-Configuration', () => {
  it("is the package's file until the operator replaces it, read-only", async () => {
    const jail = {
      fields: 'Jail-Configuration: /etc/box.conf',
      files: { 'etc/box.conf': 'of the package\n' },
    };
    const deb = await host.jail(jail);
    const run = (...options: string[]) =>
      host.prodng([
        'run',
        deb,
        ...options,
        '--',
        '/bin/sh',
        '-c',
        'cat /etc/box.conf; echo x 2>&1 > /etc/box.conf',
      ]);
    expect((await run()).stdout).toMatch(/^of the package\n/);
    const file = put('box.conf', 'of the operator\n');
    // the jail's user is another than the one who owns the file
    const readable = join(host.folder, 'readable');
    writeFileSync(readable, readFileSync(file), { mode: 0o644 });
    const replaced = await run('--configuration', `/etc/box.conf=${readable}`);
    expect(replaced.stdout).toMatch(/^of the operator\n/);
    expect(readFileSync(readable, 'utf8')).toBe('of the operator\n');
    const undeclared = await run('--configuration', `/etc/passwd=${readable}`);
    expect(undeclared).toMatchObject({ status: 2, stdout: '' });
    expect(undeclared.stderr).toContain('Jail-Configuration: /etc/passwd is not declared');
  });
});

describe('Jail-Prepare', () => {
  const volume = 'Jail-Filesystem: rw /var/lib/box';

  it('runs once for a volume, as the user of the jail, and before the service', async () => {
    const deb = await host.jail({
      fields:
        `${volume}\nJail-Prepare: /bin/sh -c "id -u >> /var/lib/box/prepared"\n` +
        'Jail-Command: /bin/cat /var/lib/box/prepared',
    });
    expect(await host.prodng(['run', deb])).toMatchObject({ status: 0, stdout: '999\n' });
    expect(await host.prodng(['run', deb])).toMatchObject({ status: 0, stdout: '999\n' });
    const other = await host.prodng(['run', deb, '--name', `${host.name}-two`]);
    expect(other).toMatchObject({ status: 0, stdout: '999\n' });
  });

  it('keeps the service from starting when it fails, and runs again at the next start', async () => {
    const deb = await host.jail({
      fields:
        `${volume}\nJail-Prepare: /bin/sh -c "echo try >> /var/lib/box/tries; grep -c try /var/lib/box/tries | grep -q 2"\n` +
        'Jail-Command: /bin/cat /var/lib/box/tries',
    });
    const first = await host.prodng(['run', deb]);
    expect(first).toMatchObject({ status: 2, stdout: '' });
    expect(first.stderr).toContain('Jail-Prepare failed with status 1');
    expect(await host.prodng(['run', deb])).toMatchObject({ status: 0, stdout: 'try\ntry\n' });
  });
});

it('item 16: a Jail-Workdir that a link of the rootfs leads below /proc is refused', async () => {
  const deb = await host.jail({ fields: 'Jail-Workdir: /work', links: { work: '/proc/self/fd/7' } });
  const { status, stderr } = await host.prodng(['run', deb]);
  expect(status).toBe(2);
  expect(stderr).toContain('Jail-Workdir: "/proc/self/fd/7" is in /proc');
});
