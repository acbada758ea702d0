import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Lock } from '../../src/lock/lock.ts';
import { formatLock } from '../../src/lock/lock-text.ts';

export interface BusyboxJail {
  /** The package's name (default: `boxed`). */
  name?: string;
  /** `Jail-*` fields beside Jail-Format, one a line. `Jail-Command` is `/bin/true` when it is not among them. */
  fields?: string;
  /** Files beside busybox, by their path in the jail. */
  files?: Readonly<Record<string, string>>;
  /** Programs of the host's, by their path in the jail: static, or they lack their libraries. */
  programs?: Readonly<Record<string, string>>;
  /** Symbolic links: what each leads to. */
  links?: Readonly<Record<string, string>>;
  /** Files that it shall lack. */
  without?: readonly string[];
  /** Whether it has a lock and md5sums, as prodng makes them, so that it passes prodng verify (default: no). */
  whole?: boolean;
  /** Packages that its lock names; with `whole`. */
  locked?: Pick<Lock, 'archives' | 'packages'>;
  /** Changes the control file's text. */
  control?: (text: string) => string;
}

/** Applets that tests call by their names. */
const applets = (
  'sh true false cat echo sleep id ls mkdir rm touch dd df mount umount unshare hostname env pwd ps kill head ' +
  'grep nc wget ip ping httpd stat chmod chown test seq mknod sync tail'
).split(' ');

/**
 * Makes a jail's .deb out of Debian's busybox-static with dpkg-deb, as no part of prodng would: what runs it cannot
 * share a mistake with what made it.
 *
 * @param folder where it is put
 * @returns its path
 */
export async function makeBusyboxJail(folder: string, jail: BusyboxJail = {}): Promise<string> {
  const name = jail.name ?? 'boxed';
  const work = await mkdtemp(join(folder, 'making-'));
  const rootfs = join(work, `usr/lib/prodng/jails/${name}/rootfs`);
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    writeFileSync(join(rootfs, path), text);
    if (text.startsWith('#!')) chmodSync(join(rootfs, path), 0o755);
  };
  for (const path of ['bin', 'proc', 'dev', 'tmp', 'var/lib/box', 'run'])
    mkdirSync(join(rootfs, path), { recursive: true });
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(rootfs, 'bin', applet));
  put('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\njail:x:999:998:jail:/var/lib/box:/bin/sh\n');
  put('etc/group', 'root:x:0:\njail:x:998:\nextra:x:300:jail\n');
  for (const [path, text] of Object.entries(jail.files ?? {})) put(path, text);
  for (const [path, program] of Object.entries(jail.programs ?? {})) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    copyFileSync(program, join(rootfs, path));
    chmodSync(join(rootfs, path), 0o755);
  }
  for (const path of jail.without ?? []) rmSync(join(rootfs, path));
  for (const [path, target] of Object.entries(jail.links ?? {})) symlinkSync(target, join(rootfs, path));
  const fields = (jail.fields ?? '').trim();
  const command = /^Jail-Command:/m.test(fields) ? '' : 'Jail-Command: /bin/true\n';
  mkdirSync(join(work, 'DEBIAN'));
  const control =
    `Package: ${name}\nVersion: 1.0-1\nArchitecture: ${architecture()}\n` +
    'Maintainer: Test <test@example.org>\nDescription: a jail for tests\n made of busybox\n' +
    `Jail-Format: 1\n${command}${fields === '' ? '' : `${fields}\n`}`;
  writeFileSync(join(work, 'DEBIAN/control'), jail.control?.(control) ?? control);
  if (jail.whole === true) {
    const { archives, packages } = jail.locked ?? { archives: [], packages: [] };
    const nothing = { buildDepends: '', depends: '', builtDepends: '', archives, packages };
    writeFileSync(
      join(rootfs, '../jail.lock'),
      formatLock({ format: 1, architecture: architecture(), ...nothing }),
    );
    const sums = execFileSync('find', ['usr', '-type', 'f', '-exec', 'md5sum', '{}', '+'], { cwd: work });
    writeFileSync(join(work, 'DEBIAN/md5sums'), sums);
  }
  const deb = `${work}.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', work, deb], {
    stdio: 'ignore',
  });
  await rm(work, { recursive: true });
  return deb;
}

let known: string | undefined;

function architecture(): string {
  known ??= execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  return known;
}
