import type { ExampleFile } from '../../../src/lint/example.ts';
import type { Lock } from '../../../src/lock/lock.ts';
import { formatLock } from '../../../src/lock/lock-text.ts';

/** The jail that examples change: nothing is wrong with it. */
export const jailName = 'hello';

/** Seconds: Sat, 10 Feb 2024 11:07:25 UTC. */
export const jailEpoch = 1_707_563_245;

/** The fields of its stanza, as in a .deb. */
export const soundFields: Readonly<Record<string, string>> = {
  'Jail-Format': '1',
  'Jail-Command': '/usr/bin/hello --port 8080',
  'Jail-Network': 'loopback',
  'Jail-Listen': '8080/tcp',
  'Jail-Memory': '64M',
  'Jail-Cpu': '50%',
  'Jail-Pids': '32',
  'Jail-Health': 'http://:8080/healthz interval=10s timeout=2s',
};

const interpreter = '/lib64/ld-linux-x86-64.so.2';

/** Its rootfs, by paths relative to it. */
export const soundRootfs: Readonly<Record<string, ExampleFile>> = {
  bin: { type: 'symlink', target: 'usr/bin' },
  lib: { type: 'symlink', target: 'usr/lib' },
  lib64: { type: 'symlink', target: 'usr/lib64' },
  sbin: { type: 'symlink', target: 'usr/sbin' },
  dev: { type: 'directory' },
  proc: { type: 'directory' },
  sys: { type: 'directory' },
  run: { type: 'directory' },
  root: { type: 'directory' },
  tmp: { type: 'directory', mode: 0o1777 },
  'var/tmp': { type: 'directory', mode: 0o1777 },
  'var/lib': { type: 'directory' },
  'var/lib/greetings': { type: 'directory' },
  'var/cache': { type: 'directory' },
  'var/log': { type: 'directory' },
  'usr/sbin': { type: 'directory' },
  'etc/passwd':
    'root:x:0:0:root:/root:/usr/sbin/nologin\nwww-data:x:33:33:www:/nonexistent:/usr/sbin/nologin\njail:x:1000:1000:jail:/nonexistent:/usr/sbin/nologin\n',
  'etc/group': 'root:x:0:\nwww-data:x:33:\njail:x:1000:\n',
  'etc/hosts': '127.0.0.1\tlocalhost\n',
  'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], interpreter } },
  'usr/lib64/ld-linux-x86-64.so.2': {
    type: 'symlink',
    target: '../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
  },
  'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': { mode: 0o755, elf: { soname: 'ld-linux-x86-64.so.2' } },
  'usr/lib/x86_64-linux-gnu/libc.so.6': {
    mode: 0o755,
    elf: { soname: 'libc.so.6', needed: ['ld-linux-x86-64.so.2'], interpreter },
  },
  'usr/share/doc/hello/copyright': 'Copyright: nobody\n',
  'usr/share/doc/libc6/copyright': 'Copyright: nobody\n',
};

/** What its lock says. */
export const soundLock: Lock = {
  format: 1,
  architecture: 'amd64',
  buildDepends: 'debhelper-compat (= 13)',
  depends: '${misc:Depends}',
  builtDepends: 'libc6 (>= 2.34)',
  archives: [
    {
      name: 'debian',
      origin: 'Debian',
      suite: 'stable',
      codename: 'bookworm',
      date: 'Sat, 10 Feb 2024 11:07:25 UTC',
      components: ['main'],
    },
  ],
  packages: [
    {
      name: 'libc6',
      version: '2.36-9+deb12u4',
      architecture: 'amd64',
      source: 'glibc',
      archive: 'debian',
      poolPath: 'pool/main/g/glibc/libc6_2.36-9+deb12u4_amd64.deb',
      size: 2_758_000,
      sha256: 'a'.repeat(64),
      use: ['build', 'rootfs'],
    },
  ],
};

/** debian/jail.lock of the source, and jail.lock of the .deb. */
export const soundLockText = formatLock(soundLock);

/** Files of its source beside debian/control. */
export const soundSource: Readonly<Record<string, string>> = {
  'debian/changelog':
    'hello (1.0) unstable; urgency=medium\n\n  * New.\n\n -- Test <test@example.org>  Sat, 10 Feb 2024 11:07:25 +0000\n',
  'debian/rules': '#!/usr/bin/make -f\n%:\n\tdh $@\n',
  'debian/jail.lock': soundLockText,
};

/** Puts the lines of fields over others; a field without a value is removed. */
export function mergeFields(base: Readonly<Record<string, string>>, lines = ''): string {
  const fields = new Map(Object.entries(base));
  for (const [, name = '', value = ''] of lines.matchAll(/^([^\s:]+):?((?:.*)(?:\n[ \t].*)*)/gm)) {
    // a line without a colon is a fault that an example wants to have
    const isBroken = !lines.includes(`${name}:`);
    if (isBroken) fields.set(name, `!${value}`);
    else if (value.trim() === '') fields.delete(name);
    else fields.set(name, value.replace(/^ /, ''));
  }
  return [...fields]
    .map(([name, value]) => (value.startsWith('!') ? `${name}${value.slice(1)}\n` : `${name}: ${value}\n`))
    .join('');
}
