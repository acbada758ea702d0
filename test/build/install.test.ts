import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProdng, sharedCache } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-install-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const timeout = 1_200_000;
const source = join(scratch, 'cachesvc');
const rootfs = join(scratch, 'root/usr/lib/prodng/jails/cachesvc/rootfs');
const control = join(source, 'debian/control');
const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
const deb = `cachesvc_0.1.0_${architecture}.deb`;

const postinst = (...lines: string[]) =>
  writeFileSync(
    join(source, 'debian/postinst'),
    ['#!/bin/sh', 'set -e', ...lines, '#DEBHELPER#', ''].join('\n'),
  );

const usual = [
  'date -u -d "@$SOURCE_DATE_EPOCH" +%F >/etc/cachesvc.made',
  'ln -s /usr/bin/nothing /etc/nowhere',
  'useradd --system --shell /usr/sbin/nologin helper',
  'install -o helper -g helper -m 0640 /dev/null /etc/cachesvc.secret',
  'echo log >/var/log/cachesvc.log; echo key >/etc/ssl/private/cachesvc.key',
  'cp /bin/true /usr/bin/cachesvc-true; chmod 4755 /usr/bin/cachesvc-true',
  '(echo >/dev/tcp/192.0.2.1/80) 2>/dev/null && exit 9',
  'test -z "$(ls /sys/class/net 2>/dev/null)"',
];

beforeAll(async () => {
  expect((await runProdng(['new', 'debian-service', source])).status).toBe(0);
  const text = readFileSync(control, 'utf8')
    .replace(/^Depends: .*/m, 'Depends: ${misc:Depends}, redis-server, ca-certificates, netcat-openbsd')
    .replace(/^XB-Jail-User: .*/m, 'XB-Jail-User: redis\nXB-Jail-Compose: install');
  writeFileSync(control, text);
  postinst(...usual);
  const { status, stderr } = await runProdng(['build', '--no-locked', source]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  execFileSync('dpkg-deb', ['-x', join(scratch, deb), join(scratch, 'root')]);
}, timeout);

test('users, alternatives and certificates are there as the packages made them', () => {
  const passwd = readFileSync(join(rootfs, 'etc/passwd'), 'utf8');
  expect(passwd).toMatch(/^redis:x:\d{3}:\d{3}::\/var\/lib\/redis:/m);
  expect(passwd).toMatch(/^helper:x:\d{3}:/m);
  expect(readlinkSync(join(rootfs, 'etc/alternatives/nc'))).toBe('/bin/nc.openbsd');
  expect(readlinkSync(join(rootfs, 'usr/bin/nc'))).toBe('/etc/alternatives/nc');
  const certificates = readFileSync(join(rootfs, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
  expect(certificates.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100);
  expect(
    readdirSync(join(rootfs, 'etc/ssl/certs')).filter((name) => /^[0-9a-f]{8}\.0$/.test(name)).length,
  ).toBeGreaterThan(100);
  const epoch = execFileSync('dpkg-parsechangelog', [
    '-l',
    join(source, 'debian/changelog'),
    '-S',
    'Timestamp',
  ]);
  const day = new Date(Number(epoch) * 1000).toISOString().slice(0, 10);
  expect(readFileSync(join(rootfs, 'etc/cachesvc.made'), 'utf8')).toBe(`${day}\n`);
});

test('nothing is there of the package manager, of the essential packages, of this day or of a machine', () => {
  for (const path of [
    'var/lib/dpkg',
    'var/lib/apt',
    'etc/apt',
    'etc/machine-id',
    'etc/passwd-',
    'etc/shadow-',
    'etc/.pwd.lock',
    'etc/hostname',
    'etc/ssl/private/cachesvc.key',
    'var/log/cachesvc.log',
    'var/cache/ldconfig/aux-cache',
    'usr/sbin/policy-rc.d',
    'usr/bin/dpkg',
    'usr/bin/perl',
    'usr/bin/bash',
    'build',
    // an alternative of a package that is not in the rootfs, and a link to nowhere
    'etc/alternatives/awk',
    'etc/nowhere',
  ])
    expect(existsSync(join(rootfs, path)) ? path : '').toBe('');
  expect(lstatSync(join(rootfs, 'var/log')).isDirectory()).toBe(true);
  // the users that postinst made have the date of the changelog, not of the build
  const days = new Set(
    readFileSync(join(rootfs, 'etc/shadow'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(':')[2]),
  );
  expect(days.size).toBe(1);
});

test('all belongs to root without set-id bits; a service reads what it could before, and no passwords', () => {
  const list = execFileSync('dpkg-deb', ['-c', join(scratch, deb)], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const lines = list.trim().split('\n');
  expect(lines.length).toBeGreaterThan(200);
  for (const line of lines) expect(line).toMatch(/^[-dlh][rwx-]{8}[xtT-] root\/root /);
  expect(statSync(join(rootfs, 'etc/cachesvc.secret')).mode & 0o777).toBe(0o644);
  expect(statSync(join(rootfs, 'usr/bin/cachesvc-true')).mode & 0o7777).toBe(0o755);
  expect(statSync(join(rootfs, 'etc/shadow')).mode & 0o777).toBe(0o600);
});

test('the lock names what the scripts ran with, apart from what the jail holds', () => {
  const lock = readFileSync(join(source, 'debian/jail.lock'), 'utf8');
  const useOf = (name: string) => new RegExp(`^Package: ${name}\n(?:.+\n)*?Use: (.*)$`, 'm').exec(lock)?.[1];
  expect(useOf('redis-server')).toBe('rootfs install');
  expect(useOf('adduser')).toBe('install');
  expect(useOf('dpkg')).toBe('build install');
});

test('made again from nothing, in another cache, it has the same bytes', { timeout }, async () => {
  const cache = join(scratch, 'cache');
  mkdirSync(join(cache, 'store'), { recursive: true });
  execFileSync('cp', ['-a', '--reflink=auto', join(sharedCache, 'store/sha256'), join(cache, 'store')]);
  const again = join(scratch, 'again/cachesvc');
  cpSync(source, again, { recursive: true });
  const { status, stderr } = await runProdng(['build', '--locked', again], {
    env: { PRODNG_CACHE_DIR: cache },
  });
  expect(stderr).toContain('Making the root for maintainer scripts');
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  expect(readFileSync(join(scratch, 'again', deb)).equals(readFileSync(join(scratch, deb)))).toBe(true);
  execFileSync('chmod', ['-R', 'u+rwX', cache]);
});

test('a maintainer script that fails is shown with what it said, and no .deb appears', {
  timeout,
}, async () => {
  postinst('echo this is why >&2', 'exit 3');
  const output = join(scratch, 'failing');
  const { status, stderr } = await runProdng(['build', '--no-locked', source, '--output', output]);
  expect(status).toBe(2);
  expect(stderr).toContain('the package cannot be installed');
  expect(stderr).toContain('| this is why');
  expect(readdirSync(output).filter((name) => name.endsWith('.deb'))).toEqual([]);
  postinst(...usual);
});

test('a maintainer script that never ends, fills the disk or leaves something behind is reported, and killed', {
  timeout,
}, async () => {
  const output = join(scratch, 'misbehaving');
  const build = (...options: string[]) =>
    runProdng(['build', '--no-locked', source, '--output', output, ...options]);
  postinst('sleep infinity');
  const endless = await build('--timeout', '20s');
  expect(endless.status).toBe(2);
  expect(endless.stderr).toContain('its scripts ran past their 20 s');
  postinst('dd if=/dev/zero of=/var/cache/zeros bs=1M count=300 2>&1');
  const full = await build('--scratch', '200M');
  expect(full.status).toBe(2);
  expect(full.stderr).toContain('No space left on device');
  const nap = `sleep ${86_400 + process.pid}`;
  postinst(`${nap} & :`, `(setsid ${nap} &)`, ...usual);
  expect((await build()).status).toBe(0);
  // none of it, nor the jail's mounts, is left on the host
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(processes.split('\n')).not.toContain(nap);
  postinst(...usual);
});

test('a lock for extracted files does not do for installed ones', { timeout }, async () => {
  const lock = join(source, 'debian/jail.lock');
  const text = readFileSync(lock, 'utf8');
  const withoutInstall = text
    .split('\n\n')
    .filter((stanza) => !/^Use: install$/m.test(stanza))
    .map((stanza) => stanza.replace(/^(Use: .*) install$/m, '$1'))
    .join('\n\n');
  writeFileSync(lock, withoutInstall);
  const { status, stderr } = await runProdng(['build', '--locked', source]);
  expect(status).toBe(1);
  expect(stderr).toContain('was not resolved for Jail-Compose: install');
  writeFileSync(lock, text);
});
