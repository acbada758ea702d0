import { join } from 'node:path';
import { pruner } from '../build/compose/prune.ts';
import { usrMerged } from '../build/compose/usr-merge.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { type LockedPackage, packagesFor } from '../lock/lock.ts';
import { isStored } from '../store/stored-file.ts';
import { unpackedTar } from '../store/unpacked-tar.ts';
import type { Paths } from '../system/paths.ts';
import type { DebSubject, LockedFiles } from './subject.ts';

/** The paths of a package's files and links, without folders; undefined when its .deb is not at hand. */
export type PackageFiles = (item: LockedPackage) => Promise<readonly string[] | undefined>;

/** Lists packages that are in the store; nothing is fetched, and what cannot be read is not at hand. */
export function storedFiles(paths: Paths): PackageFiles {
  const folder = join(paths.cache, 'store');
  return async (item) => {
    try {
      if (!(await isStored(folder, item))) return undefined;
      const { entries } = await unpackedTar(folder, item.sha256);
      return entries.filter(({ type }) => type !== 'directory').map(({ path }) => usrMerged(path));
    } catch (error) {
      if (error instanceof ProdngError) return undefined;
      throw error;
    }
  };
}

/**
 * Compares a rootfs with the .debs of its lock where their documentation leaves a doubt: Policy 12.5 wants a copyright
 * file of every package, and packages from outside of Debian often have none.
 */
export async function compareLockedFiles(
  { rootfs, lock, declaration, name }: DebSubject,
  filesOf: PackageFiles,
): Promise<LockedFiles> {
  const absent = new Set<string>();
  const documented = new Set<string>();
  const packages = lock === undefined ? [] : packagesFor(lock, 'rootfs');
  const isPruned = pruner(declaration?.prune ?? []);
  for (const item of packages) {
    if (rootfs.nodes.has(`/usr/share/doc/${item.name}`)) continue;
    const files = (await filesOf(item))?.filter((path) => !isPruned(path)) ?? [];
    if (files.length > 0 && !files.some((path) => isThere(rootfs, path))) absent.add(item.name);
  }
  const names = new Set(packages.map((item) => item.name));
  const strangers = rootfs
    .children('/usr/share/doc')
    .map(({ path }) => path.slice('/usr/share/doc/'.length))
    .filter((own) => own !== name && !names.has(own));
  if (strangers.length === 0) return { absent, documented };
  for (const item of packages) {
    const files = new Set(await filesOf(item));
    for (const own of strangers) if (files.has(`usr/share/doc/${own}/copyright`)) documented.add(own);
  }
  return { absent, documented };
}

function isThere(rootfs: DebSubject['rootfs'], path: string): boolean {
  const found = rootfs.resolve(`/${path}`, false);
  return 'node' in found;
}
