import type { TarEntry } from '../../archive/entry.ts';

const shadow = /^etc\/g?shadow$/;

/**
 * The permissions of a path in a rootfs, the same for files of packages and for what maintainer scripts made. All of
 * a rootfs belongs to root, so that what another owner or group could read or execute, everybody can. The name of an
 * owner counts as dpkg reads it, before the number. None can be written: a rootfs is read-only. Passwords stay shut.
 * No program runs with other rights than the service's own: set-id bits go, the sticky bit of folders stays.
 *
 * @param path relative, usr-merged
 */
export function rootfsMode(
  path: string,
  { type, mode, uid, gid, uname, gname }: Pick<TarEntry, 'type' | 'mode' | 'uid' | 'gid' | 'uname' | 'gname'>,
): number {
  if (shadow.test(path)) return 0o600;
  const byOwner = isRoot(uname, uid) ? 0 : (mode & 0o500) >> 6;
  const byGroup = isRoot(gname, gid) ? 0 : (mode & 0o050) >> 3;
  return (mode | byOwner | byGroup) & (type === 'directory' ? 0o1777 : 0o777);
}

function isRoot(name: string, id: number): boolean {
  return name === '' ? id === 0 : name === 'root';
}
