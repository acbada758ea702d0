import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { credentialsFolder } from '../../control/fields/credentials.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { resolveInRoot } from './root-path.ts';

/** Places that all users share, by the Filesystem Hierarchy Standard; any other belongs to the service. */
const sharedFolders = ['/tmp', '/var/tmp'];

/** The mode of a tmpfs at a path. */
export function tmpfsMode(path: string): number {
  return sharedFolders.includes(path) ? 0o1777 : 0o755;
}

/** Name resolution of a macvlan jail: written for each run by the host, so that the rootfs needs places for them. */
export const nameFiles = ['/etc/hosts', '/etc/resolv.conf'] as const;

/** What every jail gets mounted. */
const folders = ['/proc', '/dev'];

/**
 * Makes what mounts need to be there: a rootfs is read-only once it runs, so that the runtime can make nothing.
 *
 * @param rootfs on the host, still writable
 * @throws ProdngError DEB_FORMAT when a place is taken by something that cannot be mounted on
 */
export function makeMountPoints(rootfs: string, declaration: JailDeclaration): void {
  const paths = declaration.filesystem.filter(({ kind }) => kind !== 'ro').map(({ path }) => path);
  const credentials = declaration.credentials.length > 0 ? [credentialsFolder] : [];
  for (const path of [...folders, ...credentials, ...paths]) {
    const place = resolveInRoot(rootfs, path, true);
    if (!statSync(place.path).isDirectory())
      throw new ProdngError('DEB_FORMAT', `${path}: to be mounted on, it must be a folder in the rootfs`);
  }
  for (const mount of declaration.filesystem) {
    // runc gives a tmpfs the mode of the folder below, whatever its options say
    if (mount.kind === 'tmp') chmodSync(resolveInRoot(rootfs, mount.path).path, tmpfsMode(mount.path));
  }
  if (declaration.network !== 'macvlan') return;
  for (const file of nameFiles) {
    resolveInRoot(rootfs, dirnameOf(file), true);
    const place = resolveInRoot(rootfs, file);
    if (place.exists) continue;
    resolveInRoot(rootfs, dirnameOf(place.path.slice(rootfs.length)), true);
    writeFileSync(place.path, '', { flag: 'wx', mode: 0o644 });
  }
}

function dirnameOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
