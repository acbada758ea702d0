import { lstatSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebReader, readOpenDeb } from '../../archive/deb-reader.ts';
import type { TarItem } from '../../archive/entry.ts';
import { extractTar, type TreeLimits } from '../../archive/extract.ts';
import { controlFileFault, entryFault, jailFolder } from '../../archive/jail-layout.ts';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { withFlock } from '../../kernel/flock.ts';
import { syncFolder } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';
import { removeTree } from '../../system/remove-tree.ts';
import { assertNamedRoot } from './account.ts';
import { checkedCopy } from './checked-copy.ts';
import type { JailPackage } from './jail-package.ts';
import { makeMountPoints } from './mount-points.ts';

/** Where a jail's .deb keeps its rootfs. */
export function rootfsPath(name: string): string {
  return `${jailFolder(name)}/rootfs`;
}

/**
 * Unpacks a jail, once for all its runs: the tree is kept by the .deb's SHA-256 and never written to again.
 *
 * The folder it lies in is closed to everybody but root: a rootfs may hold set-uid programs and files that are open
 * to all, which are harmless in the jail and must not be reachable by users of the host.
 *
 * @param most what its tree may have at most (default: as much as the archive may)
 * @returns the path of the rootfs
 * @throws ProdngError what extractTar throws, ENTRY_REFUSED for a maintainer script or a path outside of the jail's own
 *   folder, DEB_FORMAT when there is no rootfs in it or its user is root by another name
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

/** The .deb's md5sums, deb-md5sums(5), beside the tree that was unpacked from it. */
export function md5sumsPath(tree: string): string {
  return `${tree}.md5sums`;
}

/** Under the lock: unpacked beside its place, made ready, and only then given its name. */
async function unpackInto(jail: JailPackage, target: string, most: TreeLimits | undefined): Promise<void> {
  const fresh = `${target}.new`;
  await Promise.all([removeTree(fresh), removeTree(`${target}.deb`)]);
  const deb = await readOpenDeb(jail.path, await checkedCopy(jail, `${target}.deb`));
  let controlFiles: ReadonlyMap<string, Buffer>;
  try {
    controlFiles = await deb.controlFiles();
    for (const name of controlFiles.keys()) refuse(jail, controlFileFault(name));
    await extractTar(ownEntries(jail, deb), fresh, {
      ownership: 'archive',
      allowSetid: true,
      links: { inside: 'tree', root: rootfsPath(jail.name) },
      ...(most === undefined ? {} : { most }),
    });
  } finally {
    await deb.close();
  }
  try {
    assertRealFolders(jail, fresh);
    assertNamedRoot(join(fresh, rootfsPath(jail.name)), jail.declaration.user);
    makeMountPoints(join(fresh, rootfsPath(jail.name)), jail.declaration);
    const md5sums = controlFiles.get('md5sums');
    if (md5sums !== undefined) await writeFile(md5sumsPath(target), md5sums, { mode: 0o600 });
    await rename(fresh, target);
  } catch (error) {
    await removeTree(fresh);
    throw error;
  }
  await syncFolder(join(target, '..'));
}

/** The entries of a jail's .deb, each refused that is not its own. */
async function* ownEntries(jail: JailPackage, deb: DebReader): AsyncGenerator<TarItem, void, undefined> {
  for await (const item of deb.data({ transient: true })) {
    refuse(jail, entryFault(jail.name, item.entry));
    yield item;
  }
}

function refuse({ path }: JailPackage, fault: string | undefined): void {
  if (fault === undefined) return;
  throw new ProdngError('ENTRY_REFUSED', `${path}: not a jail: ${fault}`, {
    hint: 'jails are made by: prodng build',
  });
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
