import { compareVersions } from '../../control/version.ts';
import { type Lock, type LockedPackage, packagesFor } from '../../lock/lock.ts';

/** What of a package is compared. */
type ComparedPackage = Pick<LockedPackage, 'name' | 'version' | 'architecture' | 'sha256'>;

/** A package of the rootfs that came, went or has another version. */
export interface PackageChange {
  name: string;
  architecture: string;
  kind: 'added' | 'removed' | 'upgraded' | 'downgraded' | 'rebuilt';
  old?: ComparedPackage;
  new?: ComparedPackage;
  /** The changelog entries since the old version, when the package ships them and it is at hand. */
  changelog?: string;
}

/** Compares the packages that two rootfs are made of, by their locks. `rebuilt`: one version, other bytes. */
export function comparePackages(before: Lock, after: Lock): PackageChange[] {
  return compareLists(packagesFor(before, 'rootfs'), packagesFor(after, 'rootfs'));
}

/** As comparePackages, for lists of packages. */
export function compareLists(
  before: readonly ComparedPackage[],
  after: readonly ComparedPackage[],
): PackageChange[] {
  const [old, now] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((key) => {
    const change = compare(old.get(key), now.get(key));
    return change === undefined ? [] : [change];
  });
}

function byName(packages: readonly ComparedPackage[]): Map<string, ComparedPackage> {
  return new Map(packages.map((item) => [`${item.name}:${item.architecture}`, item]));
}

function compare(
  old: ComparedPackage | undefined,
  now: ComparedPackage | undefined,
): PackageChange | undefined {
  const either = now ?? old;
  if (either === undefined) return undefined;
  const { name, architecture } = either;
  if (old === undefined || now === undefined)
    return old === undefined
      ? { name, architecture, kind: 'added', new: either }
      : { name, architecture, kind: 'removed', old };
  if (old.sha256 === now.sha256) return undefined;
  const step = compareVersions(now.version, old.version);
  const kind = step > 0 ? 'upgraded' : step < 0 ? 'downgraded' : 'rebuilt';
  return { name, architecture, kind, old, new: now };
}
