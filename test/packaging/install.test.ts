import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import type { HostCheck } from '../../src/system/host-check.ts';
import { type FreshRoot, makeFreshRoot } from './fresh-root.ts';

let debs = '';
let root: FreshRoot;
beforeAll(() => {
  debs = execFileSync(resolve('scripts/build-debs'), ['/var/cache/prodng-test/debs'], {
    encoding: 'utf8',
  }).trim();
  root = makeFreshRoot(debs, ['prodng', 'prodng-agent', 'man-db']);
}, 1_800_000);
afterAll(() => root?.remove());

const slow = { timeout: 900_000 };

test('dpkg-buildpackage makes the three packages', () => {
  const names = readdirSync(debs).filter((name) => name.endsWith('.deb'));
  expect(names.map((name) => name.replace(/_.*/, '')).sort()).toEqual([
    'prodng',
    'prodng-agent',
    'prodng-nodejs',
  ]);
});

test('lintian has nothing to say, not even of an override that is not needed', slow, () => {
  const argv = ['--allow-root', '--fail-on', 'error,warning', '-EIL', '+pedantic'];
  const changes = readdirSync(debs).filter((name) => name.endsWith('.changes'));
  expect(changes).toHaveLength(1);
  const { status, stdout, stderr } = spawnSync('lintian', [...argv, ...changes], {
    cwd: debs,
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('apt brings our Node to a Debian whose own is too old', () => {
  const { stdout } = root.chroot([
    'dpkg-query',
    '-W',
    '-f',
    '${db:Status-Abbrev} ${Package}\n',
    'prodng*',
    'nodejs*',
  ]);
  expect(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('ii'))
      .map((line) => line.slice(3).trim()),
  ).toEqual(['prodng', 'prodng-agent', 'prodng-nodejs']);
  expect(root.chroot(['dpkg', '--audit'])).toMatchObject({ status: 0, stdout: '' });
});

test('prodng runs there: version, help of every command, templates', slow, () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(root.chroot(['prodng', '--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  for (const { name } of commands) {
    const { status, stdout, stderr } = root.chroot(['prodng', name, '--help']);
    expect({ name, status, stderr, usage: stdout.split('\n')[0] }).toMatchObject({
      status: 0,
      stderr: '',
      usage: expect.stringContaining(`prodng ${name}`),
    });
  }
  const { stdout } = root.chroot(['prodng', 'templates', '--json']);
  expect(JSON.parse(stdout)).toHaveLength(readdirSync('templates').length);
});

test('prodng new makes a source that prodng lint passes', slow, () => {
  const made = root.chroot(['prodng', 'new', 'python-service', '/root/hello']);
  expect(made).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(join(root.folder, 'root/hello/debian/control'), 'utf8')).toContain('Package: hello\n');
  const judged = root.chroot(['prodng', 'lint', '/root/hello', '--format', 'json', '--fail-on', 'error']);
  expect(judged).toMatchObject({ status: 0, stderr: '' });
});

test('the autopkgtest of the command line passes', slow, () => {
  writeFileSync(join(root.folder, 'root/cli'), readFileSync('debian/tests/cli'), { mode: 0o755 });
  mkdirSync(join(root.folder, 'root/autopkgtest'));
  expect(root.chroot(['/root/cli'], { AUTOPKGTEST_TMP: '/root/autopkgtest' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('prodng doctor finds all programs', slow, () => {
  const { stdout, stderr } = root.chroot(['prodng', 'doctor', '--json']);
  expect(stderr).not.toContain('INTERNAL');
  const groups: { purpose: string; checks: HostCheck[] }[] = JSON.parse(stdout);
  expect(groups.map(({ purpose }) => purpose)).toEqual(['build', 'run', 'observe']);
  const checks = new Map(groups.flatMap((group) => group.checks.map((check) => [check.name, check])));
  for (const name of ['apt', 'mmdebstrap', 'runc', 'xz', 'programs', 'package archives'])
    expect(checks.get(name)).toMatchObject({ ok: true });
});

test('a program embeds the runtime module, native part included, with the Node of the package', () => {
  const folder = join(root.folder, 'root/consumer/node_modules');
  mkdirSync(folder, { recursive: true });
  // what `npm install /usr/lib/prodng` makes
  symlinkSync('/usr/lib/prodng', join(folder, 'prodng'));
  writeFileSync(
    join(folder, '../main.mjs'),
    "import { Jail } from 'prodng/runtime';\n" +
      "await new Jail('/etc/hostname').start().catch(({ code }) => console.log(code));\n",
  );
  expect(root.chroot(['/usr/lib/prodng/node', '/root/consumer/main.mjs'])).toEqual({
    status: 0,
    stdout: 'AR_FORMAT\n',
    stderr: '',
  });
  expect(existsSync(join(root.folder, 'usr/lib/prodng/dist/types/jail/jail.d.ts'))).toBe(true);
  const native = `/usr/lib/prodng/node_modules/@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`;
  const script = `require('${native}').load('libc.so.6').func('int getpid()')() === process.pid`;
  expect(root.chroot(['/usr/lib/prodng/node', '-p', script])).toEqual({
    status: 0,
    stdout: 'true\n',
    stderr: '',
  });
});

test('in a chroot, where the kernel makes no user namespace, prodng doctor says so', slow, () => {
  const { status, stdout } = root.chroot(['prodng', 'doctor']);
  expect(stdout).toMatch(/LACKS +user namespace with 65,536 ids: cannot make a user namespace: unshare: /);
  expect(status).toBe(1);
});

test('the agent is enabled, and its group may use the socket', () => {
  const wants = 'etc/systemd/system';
  for (const unit of [
    'multi-user.target.wants/prodng-agent.service',
    'sockets.target.wants/prodng-agent.socket',
  ])
    expect(readlinkSync(join(root.folder, wants, unit))).toBe(`/lib/systemd/system/${basename(unit)}`);
  expect(readFileSync(join(root.folder, 'etc/group'), 'utf8')).toMatch(/^prodng:x:\d+:$/m);
  expect(statSync(join(root.folder, 'etc/prodng/jails.d')).isDirectory()).toBe(true);
  const unit = root.chroot(['systemd-analyze', 'verify', 'prodng-agent.service', 'prodng-agent.socket']);
  expect(unit).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('man pages, completions and the vendor of lintian are where their programs search', slow, () => {
  const page = root.chroot(['man', '--where', 'prodng-agent']);
  expect(page).toMatchObject({ status: 0, stdout: '/usr/share/man/man1/prodng-agent.1.gz\n' });
  const file = root.chroot(['man', '--where', '5', 'prodng-agent.json']);
  expect(file).toMatchObject({ status: 0, stdout: '/usr/share/man/man5/prodng-agent.json.5.gz\n' });
  for (const path of [
    'bash-completion/completions/prodng',
    'fish/vendor_completions.d/prodng.fish',
    'zsh/vendor-completions/_prodng',
  ])
    expect(existsSync(join(root.folder, 'usr/share', path)), path).toBe(true);
  const lintian = join(root.folder, 'usr/share/lintian');
  const agent = readdirSync(debs).find((name) => /^prodng-agent_.*\.deb$/.test(name)) ?? '';
  const argv = ['--allow-root', '--include-dir', lintian, '--profile', 'prodng/main'];
  expect(spawnSync('lintian', [...argv, agent], { cwd: debs, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('removing the packages leaves nothing of them but what dpkg keeps', slow, () => {
  const { status, stderr } = root.chroot(['dpkg', '--purge', 'prodng-agent', 'prodng', 'prodng-nodejs']);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  for (const path of ['usr/lib/prodng', 'usr/share/prodng', 'usr/bin/prodng', 'etc/prodng'])
    expect(existsSync(join(root.folder, path))).toBe(false);
});
