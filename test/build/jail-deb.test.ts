import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-jail-deb-');
const architecture = execFileSync('dpkg', ['--print-architecture']).toString().trim();
const deb = join(scratch, `greeter_0.1.0_${architecture}.deb`);
const rootfs = join(scratch, 'root/usr/lib/prodng/jails/greeter/rootfs');
const run = (...argv: [string, ...string[]]) =>
  execFileSync(argv[0], argv.slice(1), { maxBuffer: 2 ** 28 }).toString();

beforeAll(async () => {
  expect((await runProdng(['new', 'c-service', join(scratch, 'greeter')])).status).toBe(0);
  const { status, stderr } = await runProdng(['build', join(scratch, 'greeter')]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  for (const folder of ['updates', 'info', 'triggers'])
    mkdirSync(join(scratch, 'root/var/lib/dpkg', folder), { recursive: true });
  execFileSync('touch', [join(scratch, 'root/var/lib/dpkg/status')]);
  run('dpkg', '--unpack', `--root=${join(scratch, 'root')}`, '--force-not-root', deb);
}, 900_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('dpkg reads its control: the declarations, no dependency, no maintainer script', () => {
  const control = run('dpkg-deb', '-f', deb);
  expect(control).toMatch(/^Package: greeter$/m);
  expect(control).toMatch(new RegExp(`^Architecture: ${architecture}$`, 'm'));
  expect(control).toMatch(/^Jail-Format: 1$/m);
  expect(control).toMatch(/^Installed-Size: \d+$/m);
  expect(control).not.toMatch(/^(Pre-)?Depends:/m);
  expect(run('dpkg-deb', '--ctrl-tarfile', deb).includes('postinst')).toBe(false);
});

test('everything lies below one prefix and belongs to root, at times no later than the changelog', () => {
  const epoch = Number(
    run('dpkg-parsechangelog', '-l', join(scratch, 'greeter/debian/changelog'), '-S', 'Timestamp'),
  );
  const lines = execFileSync('tar', ['-tvf', '-', '--numeric-owner', '--full-time'], {
    input: execFileSync('dpkg-deb', ['--fsys-tarfile', deb], { maxBuffer: 2 ** 28 }),
    env: { PATH: process.env.PATH, TZ: 'UTC' },
  })
    .toString()
    .trim()
    .split('\n');
  expect(lines.length).toBeGreaterThan(50);
  for (const line of lines) {
    const [mode = '', owner, , day, time, ...path] = line.split(/\s+/);
    expect(owner).toBe('0/0');
    expect(mode).not.toMatch(/[sS]/);
    expect(Date.parse(`${day}T${time}Z`) / 1000).toBeLessThanOrEqual(epoch);
    expect(`${path[0]}`).toMatch(/^\.\/(?:usr\/(?:lib\/(?:prodng\/(?:jails\/(?:greeter\/.*)?)?)?)?)?$/);
  }
});

test('dpkg unpacks it, and what it unpacked matches md5sums', () => {
  const info = join(scratch, 'root/var/lib/dpkg/info/greeter.md5sums');
  expect(readFileSync(info, 'utf8').trim().split('\n').length).toBeGreaterThan(20);
  execFileSync('md5sum', ['--quiet', '--strict', '-c', info], { cwd: join(scratch, 'root') });
});

test('the rootfs is usr-merged and holds the closure, accounts and linker cache, but no package manager', () => {
  for (const link of ['bin', 'lib', 'sbin'].filter((name) => existsSync(join(rootfs, 'usr', name))))
    expect(lstatSync(join(rootfs, link)).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(rootfs, 'etc/passwd'), 'utf8')).toMatch(/^jail:x:\d+:/m);
  const libraries = run('ldconfig', '-p', '-C', join(rootfs, 'etc/ld.so.cache'));
  expect(libraries).toMatch(/libc\.so\.6 .*=> /);
  for (const path of ['usr/bin/dpkg', 'usr/bin/apt', 'var/lib/dpkg', 'usr/share/man', 'usr/share/locale'])
    expect(existsSync(join(rootfs, path))).toBe(false);
  expect(existsSync(join(rootfs, 'usr/share/doc/libc6/copyright'))).toBe(true);
  expect(run('find', rootfs, '-perm', '/6000')).toBe('');
  expect(run('find', rootfs, '!', '-type', 'f', '!', '-type', 'd', '!', '-type', 'l')).toBe('');
});

test('every program finds its libraries inside, by ldd in the rootfs', () => {
  const files = run('find', join(rootfs, 'usr/libexec'), '-type', 'f', '-perm', '/111')
    .trim()
    .split('\n')
    .filter((path) => path !== '');
  expect(files.length).toBeGreaterThan(0);
  const loader =
    run('find', join(rootfs, 'usr/lib64'), '-name', 'ld-linux*')
      .trim()
      .split('\n')[0]
      ?.slice(rootfs.length) ?? '';
  for (const file of files) {
    const listed = run('chroot', rootfs, loader, '--list', file.slice(rootfs.length));
    expect(listed).toContain('libc.so.6 => /');
    expect(listed).not.toContain('not found');
  }
});

test('apt-ftparchive indexes it and lintian reads it through', { timeout: 600_000 }, () => {
  // a folder of its own: apt-ftparchive follows links, and an unpacked root is full of them
  const pool = join(scratch, 'pool');
  mkdirSync(pool);
  linkSync(deb, join(pool, 'greeter.deb'));
  const index = run('apt-ftparchive', 'packages', pool);
  expect(index).toContain('Package: greeter');
  expect(index).toContain('Jail-Command:');
  // lintian finds much to say about a whole root in /usr/lib, as it should; that it reads it is what matters here
  const tags = run(
    'lintian',
    '--no-cfg',
    '--fail-on',
    'none',
    '--tags',
    'malformed-deb-archive,unpack-message-for-deb-data,bad-package-name,malformed-contact,maintainer-script-needs-depends-on-update-inetd',
    deb,
  );
  expect(tags).toBe('');
});
