import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What stands in a small package. */
export interface SmallDeb {
  /** `Jail-*` fields beside Jail-Format and Jail-Command. */
  fields?: string;
  version?: string;
  /** Seconds, of everything in it. */
  time?: number;
  /** By their path in the rootfs. */
  files?: Readonly<Record<string, string | Buffer>>;
  links?: Readonly<Record<string, string>>;
  modes?: Readonly<Record<string, number>>;
  lock?: string;
  /** Files by their path in the .deb. */
  outside?: Readonly<Record<string, string>>;
  /** Further files of DEBIAN/. */
  control?: Readonly<Record<string, string>>;
}

/** Makes a .deb with dpkg-deb. */
export function makeDeb(folder: string, deb: SmallDeb): string {
  const root = mkdtempSync(join(folder, 'small-'));
  const jail = join(root, 'usr/lib/prodng/jails/small');
  const put = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  mkdirSync(join(jail, 'rootfs'), { recursive: true });
  for (const [path, content] of Object.entries(deb.files ?? {})) put(join(jail, 'rootfs', path), content);
  for (const [path, content] of Object.entries(deb.outside ?? {})) put(join(root, path), content);
  for (const [path, target] of Object.entries(deb.links ?? {}))
    symlinkSync(target, join(jail, 'rootfs', path));
  for (const [path, mode] of Object.entries(deb.modes ?? {})) chmodSync(join(jail, 'rootfs', path), mode);
  if (deb.lock !== undefined) put(join(jail, 'jail.lock'), deb.lock);
  put(
    join(root, 'DEBIAN/control'),
    `Package: small\nVersion: ${deb.version ?? '1'}\nArchitecture: all\nMaintainer: Test <test@example.org>\n` +
      `Description: a small jail\nJail-Format: 1\nJail-Command: /bin/true\n${deb.fields ?? ''}`,
  );
  for (const [name, text] of Object.entries(deb.control ?? {})) {
    put(join(root, 'DEBIAN', name), text);
    chmodSync(join(root, 'DEBIAN', name), 0o755);
  }
  const time = String(deb.time ?? 1_700_000_000);
  execFileSync('find', [root, '-exec', 'touch', '-h', '-d', `@${time}`, '{}', '+']);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '-b', root, `${root}.deb`], {
    stdio: 'pipe',
    env: { ...process.env, SOURCE_DATE_EPOCH: time },
  });
  return `${root}.deb`;
}
