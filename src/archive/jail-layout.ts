import type { TarEntry } from './entry.ts';

/** Where a jail's .deb keeps all that it has. Policy: nothing of it lies anywhere else. */
export function jailFolder(name: string): string {
  return `usr/lib/prodng/jails/${name}`;
}

const controlFiles = new Set(['control', 'md5sums']);
const ownFiles = new Set(['jail.lock', 'jail.inputs', 'jail.lint-overrides']);

/** Why a jail may not have a file in its control.tar: whatever is there beside these, dpkg may run or obey. */
export function controlFileFault(name: string): string | undefined {
  return controlFiles.has(name) ? undefined : `control.tar: ${name}: installing a jail runs nothing`;
}

/**
 * Why a jail may not have an entry in its data.tar: dpkg would unpack it over the host's own files.
 *
 * @param name the package's
 */
export function entryFault(
  name: string,
  { path, type }: Pick<TarEntry, 'path' | 'type'>,
): string | undefined {
  const folder = jailFolder(name);
  if (isOwn(folder, path, type === 'directory')) return undefined;
  if (isOwn(folder, path, true)) return `${path}: not a folder`;
  return `${path}: outside of ${folder}`;
}

function isOwn(folder: string, path: string, isDirectory: boolean): boolean {
  // the folders that lead there
  if (path === '.' || path === '' || path === folder || folder.startsWith(`${path}/`)) return isDirectory;
  if (!path.startsWith(`${folder}/`)) return false;
  const own = path.slice(folder.length + 1);
  return own === 'rootfs' ? isDirectory : own.startsWith('rootfs/') || ownFiles.has(own);
}
