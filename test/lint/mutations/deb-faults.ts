import { createHash } from 'node:crypto';
import type { TarEntry } from '../../../src/archive/entry.ts';
import { writeElf } from '../support/elf-writer.ts';
import { plainEntry, type RawEntry } from '../support/raw-deb.ts';
import type { LoadedDeb } from './real-jails.ts';

/** What is changed of a sound .deb, and the tag that must say so. */
export interface DebFault {
  tag: string;
  name: string;
  apply: (deb: MutableDeb) => void;
}

const folder = 'usr/lib/prodng/jails/hello';
const rootfs = `${folder}/rootfs`;

/** A copy of a .deb with the few ways to change it that faults need. */
export class MutableDeb {
  control: RawEntry[];
  data: RawEntry[];

  constructor({ control, data }: LoadedDeb) {
    this.control = [...control];
    this.data = [...data];
  }

  get epoch(): number {
    return this.data.find(({ entry }) => entry.path === folder)?.entry.mtime ?? 0;
  }

  /** Puts fields into the control file; an empty value removes one. */
  fields(lines: string): void {
    const index = this.control.findIndex(({ entry }) => entry.path === 'control');
    let text = this.control[index]?.content.toString().trimEnd() ?? '';
    for (const [, name = ''] of lines.matchAll(/^([^\s:]+):/gm))
      text = `${text}\n`.replace(new RegExp(`^${name}:.*\\n(?:[ \\t].*\\n)*`, 'm'), '').trimEnd();
    const kept = lines.replace(/^[^\s:]+:[ \t]*$\n?/gm, '').trimEnd();
    this.controlFile('control', `${text}\n${kept}${kept === '' ? '' : '\n'}`);
  }

  controlFile(name: string, text: string | undefined): void {
    this.control = this.control.filter(({ entry }) => entry.path !== name);
    if (text !== undefined)
      this.control.push({ entry: plainEntry(name, text.length), content: Buffer.from(text) });
  }

  /** Adds or replaces an entry by its path in the .deb; folders on the way are added. */
  put(path: string, content: string | Buffer = '', change: Partial<TarEntry> = {}): void {
    const bytes = Buffer.from(content);
    const entry = { ...plainEntry(path, bytes.length), mtime: this.epoch, ...change };
    if (entry.type !== 'file') entry.size = 0;
    this.remove(path);
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (parent !== '' && !this.data.some((each) => each.entry.path === parent))
      this.put(parent, '', { type: 'directory', mode: 0o755 });
    // folders stand before all files; files in the order that a segment of their own would have
    const lastFolder = this.data.findLastIndex((each) => each.entry.type === 'directory');
    this.data.splice(entry.type === 'directory' ? lastFolder + 1 : this.data.length, 0, {
      entry,
      content: bytes,
    });
    this.#addSum(path, bytes, entry.type === 'file');
  }

  jail(path: string, content: string | Buffer = '', change: Partial<TarEntry> = {}): void {
    this.put(`${rootfs}/${path}`, content, change);
  }

  program(path: string, elf: Parameters<typeof writeElf>[0] | string): void {
    this.jail(path, typeof elf === 'string' ? elf : writeElf(elf), { mode: 0o755 });
  }

  remove(path: string): void {
    this.data = this.data.filter(({ entry }) => entry.path !== path && !entry.path.startsWith(`${path}/`));
    this.#sums((line) => !line.endsWith(`  ${path}`) && !line.includes(`  ${path}/`));
  }

  change(path: string, change: Partial<TarEntry>): void {
    this.data = this.data.map((each) =>
      each.entry.path === path ? { ...each, entry: { ...each.entry, ...change } } : each,
    );
  }

  /** The path of the program that Jail-Command names. */
  get command(): string {
    const text = this.control.find(({ entry }) => entry.path === 'control')?.content.toString() ?? '';
    const path = /^Jail-Command: \/(\S+)/m.exec(text)?.[1] ?? '';
    return `${rootfs}/${path}`;
  }

  /** A file by the start of its name. */
  find(pattern: RegExp): string {
    const found = this.data.find(({ entry }) => entry.type === 'file' && pattern.test(entry.path));
    if (found === undefined) throw new Error(`no entry like ${pattern}`);
    return found.entry.path;
  }

  #sums(keep: (line: string) => boolean): void {
    const text = this.control.find(({ entry }) => entry.path === 'md5sums')?.content.toString();
    if (text !== undefined) this.controlFile('md5sums', text.split('\n').filter(keep).join('\n'));
  }

  #addSum(path: string, bytes: Buffer, isFile: boolean): void {
    const text = this.control.find(({ entry }) => entry.path === 'md5sums')?.content.toString();
    if (!isFile || text === undefined) return;
    this.controlFile('md5sums', `${text}${createHash('md5').update(bytes).digest('hex')}  ${path}\n`);
  }
}

const interpreter = '/lib64/ld-linux-x86-64.so.2';

function fault(tag: string, name: string, apply: (deb: MutableDeb) => void): DebFault {
  return { tag, name, apply };
}

/** Faults of any jail. */
export const debFaults: readonly DebFault[] = [
  ...['preinst', 'postinst', 'prerm', 'postrm'].map((name) =>
    fault('maintainer-script', name, (deb) => deb.controlFile(name, '#!/bin/sh\n')),
  ),
  ...['triggers', 'conffiles', 'shlibs', 'templates'].map((name) =>
    fault('control-member-unexpected', name, (deb) => deb.controlFile(name, '\n')),
  ),
  ...['Depends', 'Pre-Depends', 'Recommends', 'Conflicts', 'Provides'].map((name) =>
    fault('deb-depends', name, (deb) => deb.fields(`${name}: libc6`)),
  ),
  fault('deb-essential', 'Essential', (deb) => deb.fields('Essential: yes')),
  fault('deb-essential', 'Protected', (deb) => deb.fields('Protected: yes')),
  fault('architecture-not-specific', 'any', (deb) => deb.fields('Architecture: any')),
  ...[
    'etc/cron.d/x',
    'lib/systemd/system/x.service',
    'usr/bin/x',
    `${folder}/extra`,
    'usr/lib/prodng/jails/other/x',
  ].map((path) => fault('payload-outside-prefix', path, (deb) => deb.put(path, 'x'))),
  fault('rootfs-missing', 'renamed package', (deb) => deb.fields('Package: other')),
  fault('md5sums-missing', 'none', (deb) => deb.controlFile('md5sums', undefined)),
  fault('md5sums-wrong', 'empty', (deb) => deb.controlFile('md5sums', '')),
  fault('md5sums-wrong', 'one file changed', (deb) => {
    const path = `${folder}/jail.lock`;
    deb.data = deb.data.map((each) =>
      each.entry.path === path
        ? {
            entry: { ...each.entry, size: each.content.length + 1 },
            content: Buffer.concat([each.content, Buffer.from('\n')]),
          }
        : each,
    );
  }),
  fault('entry-duplicate', 'a file', (deb) => {
    const [last] = deb.data.slice(-1);
    if (last !== undefined) deb.data.push(last);
  }),
  fault('file-name-unprintable', 'an escape', (deb) => deb.jail('usr/share/a\u001b[1mb', 'x')),
  fault('owner-not-root', 'uid', (deb) => deb.jail('usr/share/x', 'x', { uid: 1000, gid: 1000 })),
  fault('owner-not-root', 'name', (deb) => deb.jail('usr/share/x', 'x', { uname: 'builder' })),
  fault('time-after-epoch', 'a file', (deb) => deb.jail('usr/share/x', 'x', { mtime: deb.epoch + 1 })),
  fault('time-after-epoch', 'a folder', (deb) => deb.change(`${rootfs}/etc`, { mtime: deb.epoch + 86_400 })),
  fault('entry-before-folder', 'reversed', (deb) => deb.data.reverse()),
  fault('entries-unsorted', 'reversed files', (deb) => {
    const folders = deb.data.filter(({ entry }) => entry.type === 'directory');
    deb.data = [...folders, ...deb.data.filter(({ entry }) => entry.type !== 'directory').reverse()];
  }),
  fault('gzip-time', 'wall time', (deb) => {
    const bytes = Buffer.from('1f8b0800000000000003030000000000000000000000', 'hex');
    bytes.writeUInt32LE(deb.epoch + 100, 4);
    deb.jail('usr/share/x.gz', bytes);
  }),
  fault('pyc-timestamp', 'wall time', (deb) =>
    deb.jail(
      'usr/share/__pycache__/x.cpython-311.pyc',
      Buffer.from('a70d0d0a000000005d2ef1650a000000e3000000', 'hex'),
    ),
  ),
  fault('lock-missing', 'none', (deb) => deb.remove(`${folder}/jail.lock`)),
  fault('lock-unreadable', 'a future format', (deb) => deb.put(`${folder}/jail.lock`, 'Format: 2\n')),
  fault('lock-unreadable', 'cut off', (deb) => deb.put(`${folder}/jail.lock`, 'Format: 1\n\nPackage: x\n')),
  fault('lock-mismatch', 'smuggled package', (deb) => deb.jail('usr/share/doc/libevil1/copyright', 'x')),
  fault('host-identity', 'machine-id', (deb) =>
    deb.jail('etc/machine-id', '4bb6e2b9a1a04d9cbd2f0c1c3f8e0f11\n'),
  ),
  fault('host-identity', 'hostname', (deb) => deb.jail('etc/hostname', 'builder07\n')),
  fault('host-identity', 'host key', (deb) => deb.jail('etc/ssh/ssh_host_ed25519_key', 'x')),
  fault('private-key', 'TLS', (deb) => deb.jail('etc/x.pem', '-----BEGIN PRIVATE KEY-----\nx\n')),
  fault('private-key', 'SSH', (deb) => deb.jail('root/.ssh/id', '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n')),
  fault('account-with-password', 'shadow', (deb) => deb.jail('etc/shadow', 'root:$6$x$y:1::::::\n')),
  fault('account-with-password', 'empty', (deb) =>
    deb.jail('etc/passwd', 'root::0:0::/root:/bin/sh\njail:x:1000:1000::/:/x\n'),
  ),
  fault('file-world-writable', 'a file', (deb) => deb.jail('etc/x', 'x', { mode: 0o666 })),
  fault('file-world-writable', 'a folder', (deb) =>
    deb.jail('srv/x', '', { type: 'directory', mode: 0o777 }),
  ),
  fault('file-set-id', 'set-uid', (deb) => deb.jail('usr/bin/x', 'x', { mode: 0o4755 })),
  fault('file-set-id', 'set-gid', (deb) => deb.jail('usr/bin/x', 'x', { mode: 0o2755 })),
  fault('device-node', 'block', (deb) => deb.jail('dev/sda', '', { type: 'block' })),
  fault('device-node', 'character', (deb) => deb.jail('dev/mem', '', { type: 'character' })),
  fault('fifo-in-package', 'fifo', (deb) => deb.jail('run/x', '', { type: 'fifo' })),
  fault('link-leaves-rootfs', 'upwards', (deb) =>
    deb.jail('etc/x', '', { type: 'symlink', linkPath: '../../../../../../../../etc/shadow' }),
  ),
  fault('link-leaves-rootfs', 'one step', (deb) =>
    deb.jail('x', '', { type: 'symlink', linkPath: '../jail.lock' }),
  ),
  fault('link-loop', 'to itself', (deb) => deb.jail('etc/x', '', { type: 'symlink', linkPath: 'x' })),
  fault('link-dangling', 'absolute', (deb) =>
    deb.jail('etc/x', '', { type: 'symlink', linkPath: '/opt/gone' }),
  ),
  fault('link-dangling', 'relative', (deb) =>
    deb.jail('usr/bin/x', '', { type: 'symlink', linkPath: 'gone' }),
  ),
  fault('mount-point-missing', 'rw', (deb) => deb.fields('Jail-Filesystem: rw /srv/gone size=1M')),
  fault('mount-point-not-folder', 'tmp', (deb) =>
    deb.fields('Jail-Filesystem: tmp /etc/passwd/ size=1M'.replace('/ ', ' ')),
  ),
  fault('mount-hides-files', 'a seed', (deb) => {
    deb.fields('Jail-Filesystem: rw /srv/x size=1M');
    deb.jail('srv/x/seed', 'x');
  }),
  fault('command-missing', 'removed', (deb) => deb.remove(deb.command)),
  fault('command-missing', 'misspelled', (deb) => deb.fields('Jail-Command: /usr/bin/helo')),
  fault('command-not-executable', 'mode', (deb) => deb.change(deb.command, { mode: 0o644 })),
  fault('command-not-executable', 'a folder', (deb) => deb.fields('Jail-Command: /usr')),
  fault('command-not-executable', 'root only', (deb) => deb.change(deb.command, { mode: 0o700 })),
  fault('command-not-a-program', 'text', (deb) => deb.put(deb.command, 'hello\n', { mode: 0o755 })),
  fault('command-wrong-architecture', 'arm64', (deb) =>
    deb.put(deb.command, writeElf({ machine: 183 }), { mode: 0o755 }),
  ),
  fault('command-interpreter-missing', 'script', (deb) =>
    deb.put(deb.command, '#!/usr/bin/ruby\n', { mode: 0o755 }),
  ),
  fault('command-interpreter-missing', 'env', (deb) =>
    deb.put(deb.command, '#!/usr/bin/env ruby\n', { mode: 0o755 }),
  ),
  fault('command-interpreter-missing', 'loader', (deb) =>
    deb.put(deb.command, writeElf({ interpreter: '/lib/ld-gone.so.1' }), { mode: 0o755 }),
  ),
  fault('user-unknown', 'misspelled', (deb) => deb.fields('Jail-User: jali')),
  fault('workdir-missing', 'gone', (deb) => deb.fields('Jail-Workdir: /opt/x')),
  fault('health-command-missing', 'gone', (deb) => deb.fields('Jail-Health: /usr/bin/check-x')),
  fault('library-missing', 'needed', (deb) =>
    deb.put(deb.command, writeElf({ needed: ['libgone.so.3'] }), { mode: 0o755 }),
  ),
  fault('library-missing-in-program', 'tool', (deb) =>
    deb.program('usr/bin/x', { needed: ['libgone.so.3'] }),
  ),
  fault('library-missing-in-plugin', 'plugin', (deb) =>
    deb.jail('usr/lib/x.so', writeElf({ needed: ['libgone.so.3'] })),
  ),
  fault('library-dlopen-missing', 'note', (deb) =>
    deb.put(deb.command, writeElf({ dlopen: '[{"soname":["libgone.so.1"],"priority":"required"}]' }), {
      mode: 0o755,
    }),
  ),
  fault('elf-broken', 'truncated', (deb) => deb.jail('usr/lib/x.so', writeElf({}).subarray(0, 300))),
  fault('elf-broken', 'header only', (deb) =>
    deb.jail('usr/lib/x.so', Buffer.from('7f454c460201010000', 'hex')),
  ),
  fault('foreign-architecture', 'program', (deb) => deb.program('usr/bin/x', { machine: 183 })),
  fault('foreign-architecture', 'library', (deb) =>
    deb.program('usr/lib/x86_64-linux-gnu/libx.so.1', { machine: 3 }),
  ),
  fault('script-interpreter-missing', 'perl', (deb) => deb.program('usr/bin/x', '#!/usr/bin/perl4\n')),
  ...['apt-get', 'dpkg', 'pip3', 'npm', 'gem'].map((name) =>
    fault('package-manager-in-rootfs', name, (deb) => deb.program(`usr/bin/${name}`, {})),
  ),
  ...['gcc', 'x86_64-linux-gnu-ld', 'tcc', 'go', 'clang-14'].map((name) =>
    fault('compiler-in-rootfs', name, (deb) => deb.program(`usr/bin/${name}`, {})),
  ),
  ...['curl', 'wget', 'nc.openbsd', 'socat'].map((name) =>
    fault('downloader-in-rootfs', name, (deb) => deb.program(`usr/bin/${name}`, {})),
  ),
  ...['sh', 'bash', 'busybox'].map((name) =>
    fault('shell-in-rootfs', name, (deb) => deb.program(`usr/bin/${name}`, {})),
  ),
  ...['gdb', 'strace'].map((name) =>
    fault('debugger-in-rootfs', name, (deb) => deb.program(`usr/bin/${name}`, {})),
  ),
  fault('preload-file', 'a hook', (deb) => deb.jail('etc/ld.so.preload', '/usr/lib/hook.so\n')),
  fault('linker-cache-outdated', 'no cache', (deb) => deb.jail('etc/ld.so.cache', 'x')),
  fault('runpath-unsafe', 'relative', (deb) => deb.program('usr/bin/x', { runpath: 'lib' })),
  fault('runpath-unsafe', 'writable', (deb) => {
    deb.fields('Jail-Filesystem: rw /srv/x size=1M');
    deb.program('usr/bin/x', { rpath: '/srv/x/lib' });
  }),
  fault('runpath-build-folder', 'home', (deb) => deb.program('usr/bin/x', { runpath: '/home/me/lib' })),
  fault('host-name-embedded', 'alone', (deb) => deb.program('usr/bin/x', { imports: ['prodng'] })),
  fault('host-name-embedded', 'with the account', (deb) =>
    deb.program('usr/bin/x', { imports: ['2.2.9 (builder@prodng) #1'] }),
  ),
  ...(
    [
      ['executable-stack', { executableStack: true }],
      ['writable-code', { writableCode: true }],
      ['text-relocations', { textRelocations: true }],
    ] as const
  ).map(([tag, elf]) =>
    fault(tag, 'command', (deb) => deb.put(deb.command, writeElf({ ...elf, interpreter }), { mode: 0o755 })),
  ),
  fault('capability-ineffective', 'in a .deb', (deb) => deb.fields('Jail-Capabilities: SYS_TIME')),
  fault('jail-field-unknown', 'in a .deb', (deb) => deb.fields('Jail-Memroy: 1')),
  fault('jail-field-misplaced', 'XB- in a .deb', (deb) => deb.fields('XB-Jail-Memory: 64M')),
  fault('override-invalid', 'in a .deb', (deb) => deb.put(`${folder}/jail.lint-overrides`, 'Tag: x\n')),
];
