import { compareVersions } from '../control/version.ts';
import { type Lock, type LockedPackage, type PackageUse, packageUses } from './lock.ts';
import { compareText } from './lock-order.ts';

/** What happened to one package between two locks. Same version and other bytes is `replaced`. */
export interface PackageChange {
  kind: 'added' | 'removed' | 'upgraded' | 'downgraded' | 'replaced';
  name: string;
  architecture: string;
  use: PackageUse;
  from?: string;
  to?: string;
}

/** What changed, package by package, first in the build root, then in the rootfs and so on; each sorted by name. */
export function lockChanges(before: Lock | undefined, after: Lock): PackageChange[] {
  return packageUses.flatMap((use) => changesOf(use, before, after));
}

function changesOf(use: PackageUse, before: Lock | undefined, after: Lock): PackageChange[] {
  const old = byName(before?.packages ?? [], use);
  const now = byName(after.packages, use);
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  return keys.flatMap((key) => change(use, old.get(key), now.get(key)) ?? []);
}

function byName(packages: readonly LockedPackage[], use: PackageUse): Map<string, LockedPackage> {
  const used = packages.filter((item) => item.use.includes(use));
  return new Map(used.map((item) => [`${item.name}:${item.architecture}`, item]));
}

function change(
  use: PackageUse,
  old: LockedPackage | undefined,
  now: LockedPackage | undefined,
): PackageChange | undefined {
  const known = now ?? old;
  if (known === undefined || (old !== undefined && old.sha256 === now?.sha256)) return undefined;
  const { name, architecture } = known;
  return {
    kind: kindOf(old, now),
    name,
    architecture,
    use,
    ...(old === undefined ? {} : { from: old.version }),
    ...(now === undefined ? {} : { to: now.version }),
  };
}

function kindOf(old: LockedPackage | undefined, now: LockedPackage | undefined): PackageChange['kind'] {
  if (old === undefined) return 'added';
  if (now === undefined) return 'removed';
  const order = compareVersions(old.version, now.version);
  if (order === 0) return 'replaced';
  return order < 0 ? 'upgraded' : 'downgraded';
}

/** One change as a line: `upgraded  libc6 2.36-9 -> 2.36-10 (rootfs)`. */
export function formatChange({ kind, name, from, to, use }: PackageChange): string {
  const versions =
    from !== undefined && to !== undefined && from !== to ? `${from} -> ${to}` : (to ?? from ?? '');
  const where = { build: 'build root', rootfs: 'rootfs', install: 'install root' }[use];
  return `${kind.padEnd(10)} ${name} ${versions} (${where})`;
}
