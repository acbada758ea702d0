import { lstatSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { extractDeb, type TreeLimits } from '../../archive/extract.ts';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { withFlock } from '../../kernel/flock.ts';
import { syncFolder } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';
import { removeTree } from '../../system/remove-tree.ts';
import type { JailPackage } from './jail-package.ts';
import { makeMountPoints } from './mount-points.ts';

/** Where a jail's .deb keeps its rootfs. */
export function rootfsPath(name: string): string {
  return `usr/lib/prodng/jails/${name}/rootfs`;
}

/**
 * Unpacks a jail, once for all its runs: the tree is kept by the .deb's SHA-256 and never written to again.
 *
 * The folder it lies in is closed to everybody but root: a rootfs may hold set-uid programs and files that are open
 * to all, which are harmless in the jail and must not be reachable by users of the host.
 *
 * @param most what its tree may have at most (default: as much as the archive may)
 * @returns the path of the rootfs
 * @throws ProdngError what extractDeb throws, DEB_FORMAT when there is no rootfs in it
 */
export async function unpackJail(
  jail: JailPackage,
  paths: Paths,
  progress: Progress,
  most?: TreeLimits,
): Promise<string> {
  const folder = join(paths.cache, 'jails');
  const target = join(folder, jail.sha256);
  if (!isFolder(target)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await withFlock(join(folder, `${jail.sha256}.lock`), async () => {
      if (isFolder(target)) return;
      progress.step(`unpack ${jail.name} ${jail.version}`);
      await unpackInto(jail, target, most);
    });
  }
  return join(target, rootfsPath(jail.name));
}

/** Under the lock: unpacked beside its place, made ready, and only then given its name. */
async function unpackInto(jail: JailPackage, target: string, most: TreeLimits | undefined): Promise<void> {
  const fresh = `${target}.new`;
  await removeTree(fresh);
  const links = { inside: 'tree', root: rootfsPath(jail.name) } as const;
  await extractDeb(await jail.deb(), fresh, {
    ownership: 'archive',
    allowSetid: true,
    links,
    ...(most === undefined ? {} : { most }),
  });
  try {
    jail.assertUnchanged();
    assertRealFolders(jail, fresh);
    makeMountPoints(join(fresh, rootfsPath(jail.name)), jail.declaration);
    await rename(fresh, target);
  } catch (error) {
    await removeTree(fresh);
    throw error;
  }
  await syncFolder(join(target, '..'));
}

/** A link on the way to the rootfs would have the jail see some other tree, even one of the host's. */
function assertRealFolders(jail: JailPackage, tree: string): void {
  let path = tree;
  for (const part of rootfsPath(jail.name).split('/')) {
    path = join(path, part);
    if (isFolder(path)) continue;
    throw new ProdngError('DEB_FORMAT', `${jail.path}: not a jail: it has no ${rootfsPath(jail.name)}`, {
      hint: 'jails are made by: prodng build',
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
