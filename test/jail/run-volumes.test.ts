import { existsSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
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

it.each([
  ['without a size', 'Jail-Filesystem: rw /var/lib/box'],
  ['with a size', 'Jail-Filesystem: rw /var/lib/box size=4M'],
])('keeps what a service wrote to a volume %s', async (_, fields) => {
  const first = await host.script(
    fields,
    'umask 027; echo kept > /var/lib/box/file; ls -ldn /var/lib/box | cut -c1-30',
  );
  expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^drwxr-xr-x +\d+ 999 +998/) });
  const second = await host.script(fields, 'cat /var/lib/box/file; ls -ln /var/lib/box/file | cut -c1-30');
  expect(second.stdout).toMatch(/^kept\n-rw-r----- +1 999 +998/);
});

it('keeps it for the next version of the package, and for that name only', async () => {
  const fields = 'Jail-Filesystem: rw /var/lib/box';
  await host.script(fields, 'echo kept > /var/lib/box/file');
  const next = await host.jail({
    fields,
    control: (text) => text.replace(/^Version: .*/m, 'Version: 2.0-1'),
  });
  const look = ['--', '/bin/ls', '/var/lib/box'];
  expect((await host.prodng(['run', next, ...look])).stdout).toBe('file\n');
  expect((await host.prodng(['run', next, '--name', `${host.name}-two`, ...look])).stdout).toBe('');
});

it('holds no more than its size, executes nothing, and makes no device', async () => {
  const fields = 'Jail-Filesystem: rw /var/lib/box size=4M\nJail-User: root\nJail-Memory: 128M';
  const script =
    'cd /var/lib/box; dd if=/dev/zero of=fill bs=64k 2>/dev/null; stat -c %s fill; rm fill; ' +
    'echo "#!/bin/sh" > run; chmod 4755 run; ./run; echo $?; mknod null c 1 3 2>&1';
  const { stdout } = await host.script(fields, script);
  const [size, status, mknod] = stdout.trim().split('\n');
  expect(Number(size)).toBeGreaterThan(3 * 2 ** 20);
  expect(Number(size)).toBeLessThan(4 * 2 ** 20);
  expect(status).toBe('126');
  expect(mknod).toContain('Operation not permitted');
});

it('grows with its declaration, and does not shrink', async () => {
  const declare = (size: string) => `Jail-Filesystem: rw /var/lib/box size=${size}`;
  await host.script(declare('4M'), 'echo kept > /var/lib/box/file');
  const grown = await host.script(declare('24M'), 'cat /var/lib/box/file; df -k /var/lib/box | tail -n 1');
  expect(grown.stdout).toMatch(/^kept\n/);
  expect(Number(grown.stdout.trim().split(/\s+/)[2])).toBeGreaterThan(20_000);
  // as after a rollback
  const before = await host.script(declare('4M'), 'cat /var/lib/box/file; df -k /var/lib/box | tail -n 1');
  expect(before).toMatchObject({ status: 0, stdout: grown.stdout });
});

it('grows as a whole when it was killed in between', async () => {
  const declare = (size: string) => `Jail-Filesystem: rw /var/lib/box size=${size}`;
  await host.script(declare('4M'), 'echo kept > /var/lib/box/file');
  const image = await imageOf(host);
  await writeFile(`${image}.new`, 'half');
  expect((await host.script(declare('24M'), 'cat /var/lib/box/file')).stdout).toBe('kept\n');
  expect((await stat(image)).size).toBe(25 * 2 ** 20);
  expect(existsSync(`${image}.new`)).toBe(false);
});

it.each(['1M', '4M', '20M'])(
  'has a journal when it has %s: sync(2) keeps no promise without one',
  async (size) => {
    await host.script(`Jail-Filesystem: rw /var/lib/box size=${size}`, 'true');
    const { stdout } = await run(['dumpe2fs', '-h', await imageOf(host)]);
    expect(stdout).toMatch(/^Filesystem features: .*\bhas_journal\b/m);
  },
);

it('lies on the host where only root can reach it, owned by no user of the host', async () => {
  await host.script('Jail-Filesystem: rw /var/lib/box', 'echo 1 > /var/lib/box/file');
  const folder = join(host.folder, 'state/volumes', host.name);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const [volume = ''] = await readdir(folder);
  expect(volume).toMatch(/^var_lib_box-[0-9a-f]{8}$/);
  expect(await readdir(join(folder, volume))).toEqual(['file']);
});

it('gives a tmpfs that is empty at each start and belongs to the service', async () => {
  const fields = 'Jail-Filesystem: tmp /run size=1M';
  const script = 'ls /run; echo 1 > /run/file; ls /run; stat -c "%a %u" /run';
  expect((await host.script(fields, script)).stdout).toBe('file\n755 999\n');
  expect((await host.script(fields, script)).stdout).toBe('file\n755 999\n');
});

it('follows the links of the rootfs, as /var/run, and refuses those to programs', async () => {
  const linked = await host.jail({
    fields: 'Jail-Filesystem: tmp /var/run/box',
    links: { 'var/run': '/run' },
  });
  const ran = await host.prodng([
    'run',
    linked,
    '--',
    '/bin/sh',
    '-c',
    'echo 1 > /run/box/x; ls /var/run/box',
  ]);
  expect(ran).toMatchObject({ status: 0, stdout: 'x\n' });
  const evil = await host.jail({
    fields: 'Jail-Filesystem: rw /var/lib/evil',
    links: { 'var/lib/evil': '/bin' },
  });
  expect(await host.prodng(['run', evil])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('/bin holds programs, which must not be writable'),
  });
});

it('shows no file of the host that its policy does not allow', async () => {
  const fields = 'Jail-Filesystem: ro /etc/shadow /etc/group';
  expect(await host.script(fields, 'cat /etc/group')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('this host does not let jails read /etc/shadow'),
  });
});

async function imageOf({ folder, name }: JailHost): Promise<string> {
  const volumes = join(folder, 'state/volumes', name);
  const [image = 'none'] = await readdir(volumes);
  return join(volumes, image);
}
